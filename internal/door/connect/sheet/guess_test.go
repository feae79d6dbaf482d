package sheet_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/fault"
)

// mapping writes a plan's columns as field=heading, sorted.
func mapping(p sheet.FilePlan) string {
	var all []string
	for _, c := range p.Columns {
		all = append(all, c.Field+"="+c.Heading)
	}
	sort.Strings(all)
	return strings.Join(all, " ")
}

func TestHeadingsAreUnderstood(t *testing.T) {
	tests := []struct {
		name, kind, text, want, layout string
	}{
		{"CDNOW", "orders", "order_id,customer_id,date,quantity,amount\nS1,0001,1997-01-01,2,29.33\n", "amount=amount customer=customer_id date=date order=order_id quantity=quantity", ""},
		{"a customer called id", "orders", "id,date,quantity,amount\n0001,1997-01-01,2,29.33\n0001,1997-02-01,2,29.33\n0002,1997-02-01,2,29.33\n", "amount=amount customer=id date=date quantity=quantity", ""},
		{"an order called id", "orders", "id,customer,date\n1,7,1997-01-01\n2,7,1997-02-01\n", "customer=customer date=date order=id", ""},
		{"Online Retail", "orders", "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n536365,85123A,X,6,2010-12-01 08:26:00,2.55,17850,United Kingdom\n",
			"country=Country customer=CustomerID date=InvoiceDate description=Description order=InvoiceNo product=StockCode quantity=Quantity unit_price=UnitPrice", "UCI Online Retail"},
		{"Online Retail II", "orders", "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n489434,85048,X,12,2009-12-01 07:45:00,6.95,13085,United Kingdom\n",
			"country=Country customer=Customer ID date=InvoiceDate description=Description order=Invoice product=StockCode quantity=Quantity unit_price=Price", "UCI Online Retail II"},
		{"German shop", "orders", "Bestell-Nr.;Kunden Nr;Bestelldatum;Artikel-Nr.;Artikelbezeichnung;Menge;Einzelpreis (brutto);Währung;Land;E-Mail-Adresse\n1;7;01.02.2024;A1;Kaffee;2;3,50;EUR;Österreich;a@b.de\n",
			"country=Land currency=Währung customer=Kunden Nr date=Bestelldatum description=Artikelbezeichnung email=E-Mail-Adresse order=Bestell-Nr. product=Artikel-Nr. quantity=Menge unit_price=Einzelpreis (brutto)", ""},
		{"German without umlauts, in capitals", "orders", "AUFTRAGSNR|KUNDENNUMMER|BELEGDATUM|GESAMTBETRAG|WAEHRUNG\n1|7|01.02.2024|3,50|CHF\n", "amount=GESAMTBETRAG currency=WAEHRUNG customer=KUNDENNUMMER date=BELEGDATUM order=AUFTRAGSNR", ""},
		{"Shopify", "orders", "Name,Email,Financial Status,Paid at,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing City,Billing Zip,Billing Country,Id\n#1001,a@b.de,paid,2024-01-01 10:00:00 +0100,EUR,10,0,1.9,11.9,2024-01-01 09:00:00 +0100,1,Tea,5,T1,Anna,Graz,8010,AT,99\n",
			"city=Billing City country=Billing Country currency=Currency date=Created at description=Lineitem name email=Email name=Billing Name order=Name product=Lineitem sku quantity=Lineitem quantity shipping=Shipping status=Financial Status unit_price=Lineitem price zip=Billing Zip", "Shopify"},
		{"WooCommerce", "orders", "Order Number,Order Status,Order Date,First Name (Billing),Last Name (Billing),Email (Billing),Country Code (Billing),Order Total Amount,SKU,Item #,Item Name,Quantity (- Refund),Item Cost\n7,Completed,2024-01-01 10:00,Anna,Lee,a@b.de,AT,15,T1,1,Tea,3,5\n",
			"country=Country Code (Billing) date=Order Date description=Item Name email=Email (Billing) first_name=First Name (Billing) last_name=Last Name (Billing) order=Order Number product=SKU quantity=Quantity (- Refund) status=Order Status unit_price=Item Cost", "WooCommerce"},
		{"Shopware 5", "orders", "orderId;number;customerId;invoiceAmount;invoiceAmountNet;invoiceShipping;orderTime;currency;articleNumber;articleName;price;quantity\n9;20001;7;15.00;12.60;3.90;2024-01-01 10:00:00;EUR;T1;Tee;5.00;3\n",
			"currency=currency customer=customerId date=orderTime description=articleName order=number product=articleNumber quantity=quantity shipping=invoiceShipping unit_price=price", "Shopware 5"},
		{"JTL-Wawi", "orders", "Auftragsnummer;Externe Auftragsnummer;Auftragsdatum;Kundennummer;Artikelnummer;Artikelname;Anzahl;VK Netto;Währung\nAU1;X9;01.02.2024;K7;T1;Tee;3;5,00;EUR\n",
			"currency=Währung customer=Kundennummer date=Auftragsdatum description=Artikelname order=Auftragsnummer product=Artikelnummer quantity=Anzahl unit_price=VK Netto", "JTL-Wawi"},
		{"the name of an article", "orders", "Auftrag;Datum;Artikelnummer;Name;Menge\n1;01.02.2024;T1;Tee;3\n", "date=Datum description=Name order=Auftrag product=Artikelnummer quantity=Menge", ""},
		{"the total of an order on each of its lines", "orders", "order,date,sku,qty,price,total\n1,2024-01-01,a,2,5,30\n1,2024-01-01,b,4,5,30\n2,2024-01-02,a,1,5,15\n2,2024-01-02,b,2,5,15\n", "date=date order=order product=sku quantity=qty unit_price=price", ""},
		{"the total of a line", "orders", "order,date,sku,qty,price,total\n1,2024-01-01,a,2,5,10\n1,2024-01-01,b,4,5,20\n2,2024-01-02,a,1,5,5\n", "amount=total date=date order=order product=sku quantity=qty unit_price=price", ""},
		{"a heading its column contradicts", "orders", "order,date,created at,amount\n1,yes,2024-01-01,5\n2,no,2024-01-02,5\n", "amount=amount date=created at order=order", ""},
		{"delivery date is no order date", "orders", "Auftrag,Lieferdatum,Datum\n1,2024-02-01,2024-01-01\n", "date=Datum delivered=Lieferdatum order=Auftrag", ""},
		{"no headings", "orders", "S1;0001;1997-01-01;2;29,33\nS2;0001;1997-01-18;2;29,73\nS3;0002;1997-01-18;1;9,73\nS4;0003;1997-01-19;1;9,73\n", "amount=5 customer=2 date=3 order=1 quantity=4", ""},
		{"customers", "customers", "Kundennummer;Anrede;Vorname;Nachname;Firma;E-Mail;Telefon;Straße;PLZ;Ort;Land;Geburtsdatum;Kunde seit;Kundengruppe;Schuhgröße\n1;Frau;Anna;Öz;;a@b.de;01;Weg 1;01067;Dresden;DE;01.02.1980;01.02.2020;Händler;38\n",
			"birthday=Geburtsdatum city=Ort company=Firma country=Land customer=Kundennummer customer_since=Kunde seit email=E-Mail first_name=Vorname kind=Kundengruppe last_name=Nachname phone=Telefon salutation=Anrede street=Straße zip=PLZ", ""},
		{"English customers", "customers", "id,first_name,last_name,email,Company Name,postcode,town,country,date of birth,customer type,notes\n1,Ann,Lee,a@b.uk,,AB1,Leeds,UK,1980-02-01,Private,x\n",
			"birthday=date of birth city=town company=Company Name country=country customer=id email=email first_name=first_name kind=customer type last_name=last_name note=notes zip=postcode", ""},
		{"products", "products", "Artikelnummer;EAN;Bezeichnung;Warengruppe;VK-Preis;EK-Preis;Einheit;Aktiv\nA1;4006381333931;Stift;Büro;1,50;0,70;Stk;ja\n", "active=Aktiv category=Warengruppe cost=EK-Preis description=Bezeichnung gtin=EAN price=VK-Preis product=Artikelnummer unit=Einheit", ""},
		{"payments", "payments", "Zahlungsdatum;Rechnungsnummer;Kundennummer;Betrag;Währung\n01.02.2024;R1;7;10,00;EUR\n", "amount=Betrag currency=Währung customer=Kundennummer date=Zahlungsdatum invoice=Rechnungsnummer", ""},
		{"contracts", "contracts", "Vertragsnummer;Kundennummer;Tarif;Vertragsbeginn;Vertragsende;Kündigungsgrund\nV1;7;Komfort;01.02.2024;unbefristet;\n",
			"contract=Vertragsnummer customer=Kundennummer end=Vertragsende plan=Tarif reason=Kündigungsgrund start=Vertragsbeginn", ""},
		{"contracts that name plans", "contracts", "customer,contract,start date,end date,reason\n1,Basic,2024-01-01,,\n2,Basic,2024-01-01,,\n3,Plus,2024-01-01,,\n4,Basic,2024-01-01,2024-06-30,moved\n5,Plus,2024-01-01,,\n",
			"customer=customer end=end date plan=contract reason=reason start=start date", ""},
		{"months instead of days", "contracts", "customer_id,plan,tenure (months),churned\n1,Basic,12,0\n2,Plus,3,1\n", "churned=churned customer=customer_id plan=plan tenure=tenure (months)", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := prepare(t, sheet.Kind(tt.kind), sheet.Options{}, tt.text).Files[0]
			if d := cmp.Diff(tt.want, mapping(p)); d != "" || p.Layout != tt.layout {
				t.Errorf("layout %q: %s", p.Layout, d)
			}
			for _, c := range p.Columns {
				if c.Confidence <= 0 || c.Confidence > 1 || c.Reason == "" {
					t.Errorf("column %+v", c)
				}
			}
		})
	}
}

func TestCDNOWWithoutItsHeadings(t *testing.T) {
	files := &sheet.Files{Inputs: []sheet.Input{sheet.Path(filepath.Join(dataFolder(t), "cdnow_sample.csv"))}}
	plan, err := files.Prepare(context.Background(), sheet.Orders, sheet.Options{Heading: -1})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := mapping(plan.Files[0]), "amount=5 customer=2 date=3 order=1 quantity=4"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestMapOverridesOnlyWhatItNames(t *testing.T) {
	text := "a,b,order,date,amount,sum\nx,2023-05-05,1,2024-01-01,5,7\n"
	for name, tt := range map[string]struct {
		told map[string]string
		want string
	}{
		"by heading":             {map[string]string{"amount": "sum"}, "amount=sum date=date order=order"},
		"by number":              {map[string]string{"date": "2"}, "amount=amount date=b order=order"},
		"by heading, any case":   {map[string]string{"customer": " A "}, "amount=amount customer=a date=date order=order"},
		"taken out":              {map[string]string{"amount": ""}, "date=date order=order"},
		"one column, two fields": {map[string]string{"customer": "order"}, "amount=amount customer=order date=date order=order"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := mapping(prepare(t, sheet.Orders, sheet.Options{Map: tt.told}, text).Files[0]); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
	for name, tt := range map[string]struct {
		told map[string]string
		key  string
		part string
	}{
		"unknown field":         {map[string]string{"colour": "a"}, "sheet.map.field", "unit_price"},
		"unknown column":        {map[string]string{"amount": "Betrag"}, "sheet.map.column", "a, b, order, date, amount, sum"},
		"a number too high":     {map[string]string{"amount": "7"}, "sheet.map.column", "sum"},
		"custom only customers": {map[string]string{"custom.x": "a"}, "sheet.map.field", "order"},
		"without a date":        {map[string]string{"date": ""}, "sheet.map.missing", "sum"},
	} {
		t.Run(name, func(t *testing.T) {
			files := &sheet.Files{Inputs: []sheet.Input{sheet.Bytes("a.csv", []byte(text))}}
			_, err := files.Prepare(context.Background(), sheet.Orders, sheet.Options{Map: tt.told})
			if f := fault.As(err); f == nil || f.Code != fault.Invalid || f.Key != tt.key || !strings.Contains(fmt.Sprint(f.Args...), tt.part) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestAPlanSurvivesJSON(t *testing.T) {
	inputs := []sheet.Input{sheet.Bytes("a.zip", zipped(t, "a.csv", small, "b.csv", strings.ReplaceAll(small, ",", ";")))}
	files, s := survey(t, sheet.Orders, sheet.Options{Map: map[string]string{"customer": "2"}}, inputs...)
	data, err := json.Marshal(s.Plan)
	if err != nil {
		t.Fatal(err)
	}
	var plan sheet.Plan
	if err := json.Unmarshal(data, &plan); err != nil {
		t.Fatal(err)
	}
	again, err := files.Survey(context.Background(), &plan)
	if err != nil || again.Rows != 4 {
		t.Fatalf("%+v, error %v", again, err)
	}
	data2, _ := json.Marshal(again.Plan)
	if d := cmp.Diff(string(data), string(data2)); d != "" {
		t.Error(d)
	}
	if _, err := (&sheet.Files{}).Survey(context.Background(), &plan); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("without its files: %v", err)
	}
}

func TestCountriesByEveryName(t *testing.T) {
	for name, want := range map[string]string{
		"Germany": "DE", "Deutschland": "DE", "deutschland ": "DE", "D": "DE", "DEU": "DE", "de": "DE", "BRD": "DE", "Österreich": "AT", "Oesterreich": "AT", "Osterreich": "AT", "AUSTRIA": "AT", "A": "AT", "Schweiz": "CH", "Suisse": "CH", "CH": "CH",
		"United Kingdom": "GB", "UK": "GB", "Großbritannien": "GB", "England": "GB", "EIRE": "IE", "Irland": "IE", "USA": "US", "U.S.A.": "US", "Vereinigte Staaten": "US", "RSA": "ZA", "Südafrika": "ZA", "Channel Islands": "JE", "Czech Republic": "CZ", "Tschechien": "CZ",
		"Holland": "NL", "Niederlande": "NL", "Belgique": "BE", "Liechtenstein": "LI", "FL": "LI", "Hong Kong": "HK", "United Arab Emirates": "AE", "VAE": "AE", "Côte d'Ivoire": "CI", "Elfenbeinküste": "CI", "Island": "IS", "Türkei": "TR", "Turkiye": "TR", "Korea, Republic of": "KR", "Bosnia and Herzegovina": "BA", "Saint Lucia": "LC", "Kroatien": "HR",
		"Unspecified": "", "European Community": "", "": "", "???": "", "Germania Superior": "",
	} {
		if got := sheet.CountryCode(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
