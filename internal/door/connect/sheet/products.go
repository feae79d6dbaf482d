package sheet

import "context"

// ProductRow is one row of a product file. As with OrderRow it is used again for the next row, and its texts stay valid.
type ProductRow struct {
	Place
	Product     string // article number in the other system
	GTIN        string // with a right check digit, or empty
	Description string
	Category    string
	Price, Cost Value  // millionths of Currency
	Currency    string // code of ISO 4217, never empty
	Unit        string
	Active      Flag
}

var productAccess = map[string]access[ProductRow]{
	"product":     {words: func(r *ProductRow) *string { return &r.Product }},
	"gtin":        {words: func(r *ProductRow) *string { return &r.GTIN }},
	"description": {words: func(r *ProductRow) *string { return &r.Description }},
	"category":    {words: func(r *ProductRow) *string { return &r.Category }},
	"price":       {number: func(r *ProductRow) *Value { return &r.Price }},
	"cost":        {number: func(r *ProductRow) *Value { return &r.Cost }},
	"currency":    {words: func(r *ProductRow) *string { return &r.Currency }},
	"unit":        {words: func(r *ProductRow) *string { return &r.Unit }},
	"active":      {flag: func(r *ProductRow) *Flag { return &r.Active }},
}

// Products reads the rows of product files, as Orders does.
func (f *Files) Products(ctx context.Context, s *Survey, skip int64, row func(*ProductRow) error, bad func(RowError) error) error {
	return readRows(ctx, f, s, Products, skip, productAccess, finishProduct, func(r *ProductRow) *Place { return &r.Place }, row, bad)
}

func finishProduct(in *interpreter, r *ProductRow) *RowError {
	r.Currency = in.currency
	if r.Product == "" {
		return in.bad("product", badMissing, "")
	}
	return nil
}
