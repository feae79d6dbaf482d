package campaign

import (
	"context"
	"time"

	"stamm/internal/platform/warehouse"
)

// EachHref and WithParameters are what links are found and told by.
var (
	EachHref       = eachHref
	EachOurHref    = eachOurHref
	WithParameters = withParameters
)

// Recommend is what a products block would show to a customer, before it is cut to its length.
func Recommend(ctx context.Context, w warehouse.Querier, customer int64, asOf string) (usual, category []int64, err error) {
	var t tops
	top, err := t.of(ctx, w, time.Time{}, asOf)
	if err != nil {
		return nil, nil, err
	}
	all, err := recommend(ctx, w, []int64{customer}, asOf, top)
	return all[customer].usual, all[customer].category, err
}
