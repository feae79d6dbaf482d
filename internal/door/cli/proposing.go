package cli

import (
	"context"
	"strings"

	"stamm/internal/action/campaign"
	"stamm/internal/door/web/engage"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/warehouse"
)

// ready is the warehouse for work that goes on while the program closes: it waits for nothing. It is opened before such work begins.
func (a *App) ready() func(context.Context) (*warehouse.DB, error) {
	house := a.house
	return func(context.Context) (*warehouse.DB, error) {
		if house == nil {
			return nil, fault.New(fault.Unavailable, "errors.unavailable")
		}
		return house, nil
	}
}

// proposing is what takes campaigns from their go to the last message.
func (a *App) proposing() *campaign.Runner {
	return &campaign.Runner{DB: a.Store, House: a.ready(), Fields: askable}
}

// writing is what writes the mails of campaigns.
func (a *App) writing() *campaign.Composer {
	return &campaign.Composer{House: a.ready(), Site: strings.TrimSuffix(a.origin, "/")}
}

// campaignPages is what the pages of campaigns need.
func (a *App) campaignPages() *engage.Campaigns {
	runner, composer := a.proposing(), a.writing()
	return &engage.Campaigns{Runner: runner, Composer: composer, Inspector: &campaign.Inspector{Runner: runner, Composer: composer}}
}
