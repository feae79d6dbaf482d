package api

import (
	"context"
	"net/http"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/company"
)

// RateList are the exchange rates, by currency and then by day.
type RateList struct {
	Base  string `json:"base"`
	Items []Rate `json:"items" nullable:"false"`
}

// Rate is what one unit of a currency is in the base currency, from a day on.
type Rate struct {
	Currency  string  `json:"currency"`
	ValidFrom string  `json:"valid_from" format:"date"`
	Rate      Decimal `json:"rate"`
}

// RateBody is a rate as it is sent.
type RateBody struct {
	Rate Decimal `json:"rate"`
}

func (s *server) addRates() {
	const tag, path = "rates", "/exchange_rates"
	add(s, route{id: "list_rates", method: http.MethodGet, path: path, tag: tag, scope: auth.ReadDocuments}, s.listRates)
	add(s, route{id: "put_rate", method: http.MethodPut, path: path + "/{currency}/{valid_from}", tag: tag, scope: auth.WriteSettings, body: bodyOf[RateBody]()}, s.putRate)
	add(s, route{id: "delete_rate", method: http.MethodDelete, path: path + "/{currency}/{valid_from}", tag: tag, scope: auth.WriteSettings}, s.deleteRate)
}

type ratePath struct {
	Currency string `path:"currency" maxLength:"3"`
	From     string `path:"valid_from" format:"date"`
}

func (s *server) listRates(ctx context.Context, _ *call, _ *struct{}) (list RateList, err error) {
	list.Items = []Rate{}
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		settings, err := company.Load(ctx, tx)
		if err != nil {
			return err
		}
		all, err := company.Rates(ctx, tx)
		list.Base = settings.Currency
		for _, r := range all {
			list.Items = append(list.Items, shownRate(r))
		}
		return err
	})
	return list, err
}

func shownRate(r company.Rate) Rate {
	return Rate{r.Currency, r.ValidFrom.String(), Decimal(r.Rate.String())}
}

func (s *server) putRate(ctx context.Context, c *call, in *ratePath) (shown Rate, err error) {
	body, err := decode[RateBody](c)
	if err != nil {
		return shown, err
	}
	err = c.write(ctx, 1, func(tx *store.Tx) error {
		settings, err := company.Load(ctx, tx)
		if err != nil {
			return err
		}
		rate, err := company.NewRate(settings.Currency, in.Currency, in.From, string(body.Rate), false)
		if err != nil {
			return err
		}
		shown = shownRate(rate)
		return company.SetRate(ctx, tx, rate)
	})
	return shown, err
}

func (s *server) deleteRate(ctx context.Context, c *call, in *ratePath) (shown Rate, err error) {
	from, err := clock.ParseDay(in.From)
	if err != nil {
		return shown, fault.As(err).On("valid_from")
	}
	err = c.write(ctx, 1, func(tx *store.Tx) error {
		was, err := company.DropRate(ctx, tx, in.Currency, from)
		if err == nil {
			shown = shownRate(was)
		}
		return err
	})
	return shown, err
}
