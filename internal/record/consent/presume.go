package consent

import (
	"context"
	"fmt"

	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

// presumedCountry is where a company may be called on its presumed consent. § 7(2) no. 1 UWG asks for express consent of
// consumers only; of other participants in the market presumed consent will do, for which there has to be a concrete reason:
// that it buys from us is one. Austria asks for consent of everybody (§ 174 TKG 2021), so it is Germany alone.
const presumedCountry = "DE"

// presume gives calls to German companies that bought from us their presumed consent, where nothing else is known: no consent,
// no word against it, and no wish to hear nothing for a while.
func presume(ctx context.Context, tx *store.Tx, settings company.Settings, today int64, a Ask, to []Recipient, verdicts []Verdict) error {
	if a.Channel != Phone || a.Purpose != Advertising || a.Basis != "" && a.Basis != Presumed {
		return nil
	}
	var ids []int64
	for i, r := range to {
		if _, ok := FoldAddress(Phone, r.Address); ok && verdicts[i] == (Verdict{Reason: ReasonNone}) {
			ids = append(ids, r.Customer)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	found, err := tx.QueryIDs(ctx, fmt.Sprintf(sqlPresumed, tx.Numbers("$1")), store.JSON(ids), presumedCountry, settings.Country, today)
	if err != nil {
		return err
	}
	may := make(map[int64]bool, len(found))
	for _, id := range found {
		may[id] = true
	}
	for i, r := range to {
		if may[r.Customer] && verdicts[i] == (Verdict{Reason: ReasonNone}) {
			verdicts[i] = Verdict{Basis: Presumed}
		}
	}
	return nil
}

// NoteUse writes a use of a consent into the log, as a verdict of Check gave it that was asked for before the call. A use that
// rests on presumed consent has no entry.
func NoteUse(ctx context.Context, tx *store.Tx, u Use) (Use, error) {
	if len(u.Subject) > maxText {
		return u, tooLong("subject")
	}
	if u.At.IsZero() {
		u.At = tx.Now
	}
	return addUse(ctx, tx, u)
}
