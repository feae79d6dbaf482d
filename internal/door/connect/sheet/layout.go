package sheet

import "slices"

// layout is the export of a system we know: its headings say for certain what is what.
type layout struct {
	name   string // shown to people
	kind   Kind
	needs  []string          // folded headings a file must have
	fields map[string]string // field → folded heading; fields after - are known and not wanted

	// cancelPrefix begins the order numbers of cancellations.
	cancelPrefix string
}

// layouts are tried in order. Totals of a whole order are left out wherever the lines have prices.
var layouts = []layout{
	{
		name: "UCI Online Retail", kind: Orders,
		needs: []string{"invoiceno", "stockcode", "quantity", "invoicedate", "unitprice", "customerid"},
		fields: map[string]string{
			"order": "invoiceno", "product": "stockcode", "description": "description", "quantity": "quantity", "date": "invoicedate", "unit_price": "unitprice",
			"customer": "customerid", "country": "country",
		},
		cancelPrefix: "C",
	},
	{
		name: "UCI Online Retail II", kind: Orders,
		needs: []string{"invoice", "stockcode", "quantity", "invoicedate", "price", "customerid"},
		fields: map[string]string{
			"order": "invoice", "product": "stockcode", "description": "description", "quantity": "quantity", "date": "invoicedate", "unit_price": "price",
			"customer": "customerid", "country": "country",
		},
		cancelPrefix: "C",
	},
	{
		name: "Shopify", kind: Orders,
		needs: []string{"name", "email", "financialstatus", "createdat", "lineitemquantity", "lineitemname", "lineitemprice"},
		fields: map[string]string{
			"order": "name", "email": "email", "status": "financialstatus", "date": "createdat", "currency": "currency", "quantity": "lineitemquantity",
			"description": "lineitemname", "unit_price": "lineitemprice", "product": "lineitemsku", "name": "billingname", "company": "billingcompany",
			"street": "billingstreet", "zip": "billingzip", "city": "billingcity", "country": "billingcountry", "phone": "billingphone", "shipping": "shipping",
			"-total": "total", "-subtotal": "subtotal", "-taxes": "taxes", "-id": "id", "-paid": "paidat", "-phone": "phone",
		},
	},
	{
		name: "WooCommerce", kind: Orders,
		needs: []string{"ordernumber", "orderstatus", "orderdate", "itemname", "itemcost"},
		fields: map[string]string{
			"order": "ordernumber", "status": "orderstatus", "date": "orderdate", "description": "itemname", "unit_price": "itemcost", "quantity": "quantity",
			"product": "sku", "-total": "ordertotalamount", "-tax": "ordertotaltaxamount", "-subtotal": "ordersubtotalamount", "-item": "item",
		},
	},
	{
		name: "WooCommerce", kind: Orders,
		needs: []string{"ordernumber", "orderstatus", "orderdate", "itemname", "itemcost", "quantityrefund"},
		fields: map[string]string{
			"order": "ordernumber", "status": "orderstatus", "date": "orderdate", "description": "itemname", "unit_price": "itemcost", "quantity": "quantityrefund",
			"product": "sku", "-total": "ordertotalamount", "-tax": "ordertotaltaxamount", "-subtotal": "ordersubtotalamount", "-item": "item",
		},
	},
	{
		name: "Shopware 5", kind: Orders,
		needs: []string{"orderid", "invoiceamount", "ordertime", "price", "quantity"},
		fields: map[string]string{
			"order": "number", "date": "ordertime", "customer": "customerid", "currency": "currency", "product": "articlenumber", "description": "articlename",
			"unit_price": "price", "quantity": "quantity", "shipping": "invoiceshipping", "-id": "orderid", "-total": "invoiceamount", "-net": "invoiceamountnet", "-taxed": "net", // yes or no
		},
	},
	{
		name: "JTL-Wawi", kind: Orders,
		needs: []string{"auftragsnummer", "kundennummer", "artikelnummer", "externeauftragsnummer"},
		fields: map[string]string{
			"order": "auftragsnummer", "customer": "kundennummer", "product": "artikelnummer", "-external": "externeauftragsnummer",
		},
	},
	{ // prices are those of the row, not of a piece
		name: "Amazon", kind: Orders,
		needs: []string{"amazonorderid", "purchasedate", "orderstatus", "quantity", "itemprice", "itemtax"},
		fields: map[string]string{
			"order": "amazonorderid", "date": "purchasedate", "status": "orderstatus", "product": "sku", "description": "productname", "quantity": "quantity",
			"currency": "currency", "amount": "itemprice", "shipping": "shippingprice", "country": "shipcountry", "zip": "shippostalcode", "city": "shipcity",
			"-tax": "itemtax", "-po": "purchaseordernumber",
		},
	},
	{
		name: "Amazon", kind: Orders,
		needs: []string{"orderid", "orderitemid", "purchasedate", "quantitypurchased", "itemprice", "itemtax"},
		fields: map[string]string{
			"order": "orderid", "date": "purchasedate", "email": "buyeremail", "name": "buyername", "product": "sku", "description": "productname",
			"quantity": "quantitypurchased", "currency": "currency", "amount": "itemprice", "shipping": "shippingprice", "country": "shipcountry",
			"zip": "shippostalcode", "city": "shipcity", "-tax": "itemtax",
		},
	},
	{ // its amount is the number of pieces
		name: "Ta-Feng", kind: Orders,
		needs: []string{"transactiondt", "customerid", "productid", "amount", "asset", "salesprice"},
		fields: map[string]string{
			"date": "transactiondt", "customer": "customerid", "product": "productid", "category": "productsubclass", "quantity": "amount", "amount": "salesprice", "cost": "asset",
		},
	},
	{
		name: "DATEV", kind: Customers,
		needs: []string{"konto", "nameadressattypunternehmen", "nameadressattypnatuerlperson", "vornameadressattypnatuerlperson"},
		fields: map[string]string{
			"customer": "konto", "company": "nameadressattypunternehmen", "last_name": "nameadressattypnatuerlperson", "first_name": "vornameadressattypnatuerlperson",
		},
	},
	{
		name: "Telco Customer Churn", kind: Contracts,
		needs:  []string{"customerid", "tenure", "contract", "churn", "monthlycharges"},
		fields: map[string]string{"customer": "customerid", "tenure": "tenure", "plan": "contract", "churned": "churn"},
	},
}

// layoutOf returns the known layout that headings have; nil if they have none.
func layoutOf(k Kind, names []string) *layout {
	have := map[string]bool{}
	for _, n := range names {
		have[fold(n)] = true
	}
	var best *layout
	for i := range layouts {
		l := &layouts[i]
		if l.kind != k || slices.ContainsFunc(l.needs, func(h string) bool { return !have[h] }) {
			continue
		}
		if best == nil || len(l.needs) > len(best.needs) {
			best = l
		}
	}
	return best
}

// layoutNamed finds the layout a plan names; nil if there is none.
func layoutNamed(k Kind, name string) *layout {
	for i := range layouts {
		if layouts[i].kind == k && layouts[i].name == name {
			return &layouts[i]
		}
	}
	return nil
}
