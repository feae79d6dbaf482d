// Package privacy erases a person from every part of Stamm at once, so that no door forgets one of them.
package privacy

import (
	"context"
	"fmt"

	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/action/message/call"
	"stamm/internal/action/message/email"
	"stamm/internal/insight/predict"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// CompactJob is the kind of the job that ends the erasure of a person: it writes the warehouse anew, because what was
// replaced there stays in the file, unseen, until then. One job for each erasure, since one that runs may have begun too early
// for the next.
const CompactJob = "warehouse.compact"

// Erase erases what is personal of a customer and what was foreseen of her, and queues the job that writes the warehouse
// anew; it returns the job. Figures stay without a person (Art. 17 GDPR). Errors are those of customer.Erase.
func Erase(ctx context.Context, tx *store.Tx, id int64) (job int64, err error) {
	if err := email.Erase(ctx, tx, id); err != nil { // before the ledger forgets her addresses
		return 0, err
	}
	if err := hit.Erase(ctx, tx, id); err != nil { // before the ledger of messages changes: it says what is hers
		return 0, err
	}
	if err := message.Erase(ctx, tx, id); err != nil {
		return 0, err
	}
	if err := call.Erase(ctx, tx, id); err != nil {
		return 0, err
	}
	if err := consent.Erase(ctx, tx, id); err != nil { // before the customer: customer.Erase takes the addresses whose hashes it keeps
		return 0, err
	}
	if err := customer.Erase(ctx, tx, id); err != nil {
		return 0, err
	}
	if err := predict.Forget(ctx, tx, id); err != nil {
		return 0, err
	}
	return jobs.Enqueue(ctx, tx, jobs.New{Kind: CompactJob, Key: fmt.Sprint(CompactJob, ":", id)})
}
