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
		{"net and gross of an order on each of its lines", "orders", "order;date;sku;qty;price;Gesamt netto;Gesamt brutto\n1;2024-01-01;a;2;5;30;35,7\n1;2024-01-01;b;4;5;30;35,7\n2;2024-01-02;a;1;5;15;17,85\n2;2024-01-02;b;2;5;15;17,85\n", "date=date order=order product=sku quantity=qty unit_price=price", ""},
		{"a note is no customer, tax of an article none of the order", "orders", "Order ID,Customer Note,Buyer Email,Order Date,Product Size,Item Price,Item Promotion Discount\n1,hello,a@b.de,2024-01-01,XL,5,1\n", "date=Order Date email=Buyer Email order=Order ID unit_price=Item Price", ""},
		{"an empty column yields", "orders", "purchase-order-number,amazon-order-id,Order Date\n,302-1,2024-01-01\n,302-2,2024-01-01\n", "date=Order Date order=amazon-order-id", ""},
		{"income is no gross amount", "orders", "Invoice ID,Date,Total,gross margin percentage,gross income\n1,1/27/2019,548.97,4.76,26.14\n", "amount=Total date=Date order=Invoice ID", ""},
		{"a state of an address is none of the order", "orders", "Order ID,Order Date,Ship Date,City,State,Sales,Discount,Profit\nCA-1,11/28/2016,12/1/2016,Henderson,Kentucky,261.96,0.2,41.9\n", "amount=Sales city=City date=Order Date order=Order ID", ""},
		{"a state of the order", "orders", "order,date,state\n1,2024-01-01,cancelled\n", "date=date order=order status=state", ""},
		{"Olist", "orders", "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date\na,b,delivered,2017-10-02 10:56:33,2017-10-02 11:07:15,2017-10-04 19:55:00,2017-10-10 21:25:13,2017-10-18 00:00:00\n",
			"customer=customer_id date=order_purchase_timestamp delivered=order_delivered_customer_date order=order_id promised=order_estimated_delivery_date status=order_status", ""},
		{"completejourney", "orders", "household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_disc,week,transaction_timestamp\n900,330,31198570044,1095275,1,0.5,0,0,1,2017-01-01T11:53:26Z\n",
			"amount=sales_value customer=household_id date=transaction_timestamp order=basket_id product=product_id quantity=quantity", ""},
		{"a clickstream", "orders", "event_time,event_type,product_id,category_id,price,user_id,user_session\n2019-11-01 00:00:00 UTC,view,1003461,2053,489.07,520088904,4d3b\n2019-11-01 00:00:01 UTC,view,1003461,2053,489.07,520088904,4d3b\n2019-11-01 00:00:02 UTC,purchase,1003461,2053,489.07,520088904,4d3b\n",
			"customer=user_id date=event_time kind=event_type product=product_id unit_price=price", ""},
		{"Ta-Feng", "orders", "TRANSACTION_DT,CUSTOMER_ID,AGE_GROUP,PIN_CODE,PRODUCT_SUBCLASS,PRODUCT_ID,AMOUNT,ASSET,SALES_PRICE\n11/1/2000,01104905,45-49,115,110411,4710199010372,2,24,30\n",
			"amount=SALES_PRICE category=PRODUCT_SUBCLASS cost=ASSET customer=CUSTOMER_ID date=TRANSACTION_DT product=PRODUCT_ID quantity=AMOUNT", "Ta-Feng"},
		{"a date under a name nobody knows", "orders", "who,wann,member number\nx,2024-01-01,7\ny,2024-01-02,8\n", "customer=member number date=wann", ""},
		{"of several dates the one of buying", "orders", "cust id,a_dt,sale_dt,ship_dt\n1,2024-01-01,2024-01-02,2024-01-03\n", "customer=cust id date=sale_dt", ""},
		{"donations", "orders", "Gift ID,Donor ID,Gift Date,Gift Amount,Gift Type\nD1,0007,01/27/2023,12.50,Online\n", "amount=Gift Amount customer=Donor ID date=Gift Date order=Gift ID", ""},
		{"SAP", "orders", "Faktura;Fakturaart;Fakturadatum;Auftraggeber;Name Auftraggeber;Material;Fakturierte Menge;Nettowert;Währg\n0090000001;F2;28.01.2023;0000000024;Anna;000019;5,000;64,90;EUR\n0090000002;G2;28.01.2023;0000000024;Anna;000019;5,000-;64,90-;EUR\n",
			"currency=Währg customer=Auftraggeber date=Fakturadatum kind=Fakturaart net=Nettowert order=Faktura product=Material quantity=Fakturierte Menge", ""},
		{"Shopware 6", "orders", "id;orderNumber;billingAddressId;orderDateTime;amountTotal;amountNet;taxStatus;shippingTotal;currency.isoCode;orderCustomer.email;orderCustomer.customerNumber;stateMachineState\na1;10001;b1;2023-01-28T06:17:00.000+00:00;519.66;436.69;gross;4.99;EUR;a@b.de;10024;completed\n",
			"amount=amountTotal currency=currency.isoCode customer=orderCustomer.customerNumber date=orderDateTime email=orderCustomer.email net=amountNet order=orderNumber shipping=shippingTotal status=stateMachineState", ""},
		{"Shopware 5, where net is yes or no", "orders", "orderId;number;customerId;invoiceAmount;invoiceAmountNet;invoiceShipping;orderTime;net;taxFree;currency;articleNumber;price;quantity;remoteAddress\n9;20001;7;15.00;12.60;3.90;2024-01-01 10:00:00;0;0;EUR;T1;5.00;3;1.2.3.4\n",
			"currency=currency customer=customerId date=orderTime order=number product=articleNumber quantity=quantity shipping=invoiceShipping unit_price=price", "Shopware 5"},
		{"net of fees is not net of tax", "orders", "Datum,Name,Währung,Brutto,Gebühr,Netto,Transaktionscode\n28.01.2023,Anna,EUR,\"12,98\",\"-0,35\",\"12,63\",7AB\n", "currency=Währung date=Datum gross=Brutto name=Name order=Transaktionscode", ""},
		{"Amazon", "orders", "amazon-order-id\tpurchase-date\torder-status\tproduct-name\tsku\tquantity\tcurrency\titem-price\titem-tax\tshipping-price\tshipping-tax\tship-country\tpurchase-order-number\n302-1\t2023-01-28T06:17:00+00:00\tShipped\tTea\tT1\t5\tEUR\t64.90\t4.54\t3.90\t0.50\tDE\t\n",
			"amount=item-price country=ship-country currency=currency date=purchase-date description=product-name order=amazon-order-id product=sku quantity=quantity shipping=shipping-price status=order-status", "Amazon"},
		{"Salesforce", "customers", "Id,AccountId,FirstName,LastName,Name,Title,Email,MailingStreet,MailingCity,MailingPostalCode,MailingCountry,CreatedDate\n003A,001A,Ann,Lee,Ann Lee,Buyer,a@b.us,Road 1,Austin,78767,USA,2019-10-01T12:00:00.000+0000\n",
			"city=MailingCity contact_role=Title country=MailingCountry customer=Id customer_since=CreatedDate email=Email first_name=FirstName last_name=LastName name=Name street=MailingStreet zip=MailingPostalCode", ""},
		{"Outlook", "customers", "Anrede,Vorname,Nachname,Firma,Straße geschäftlich,Ort geschäftlich,Postleitzahl geschäftlich,Land/Region geschäftlich,Mobiltelefon,E-Mail-Adresse,E-Mail-Typ,Geburtstag\nFrau,Anna,Lee,AG,Weg 1,München,80331,Deutschland,0171,a@b.de,SMTP,0.0.00\nFrau,Ina,Lee,AG,Weg 1,München,80331,Deutschland,0171,i@b.de,SMTP,1.2.1980\n",
			"birthday=Geburtstag city=Ort geschäftlich company=Firma country=Land/Region geschäftlich email=E-Mail-Adresse first_name=Vorname last_name=Nachname phone=Mobiltelefon salutation=Anrede street=Straße geschäftlich zip=Postleitzahl geschäftlich", ""},
		{"Google", "customers", "Name,Given Name,Family Name,E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value,Organization 1 - Name\nAnn Lee,Ann,Lee,Home,a@b.us,Mobile,+49 171 1,Acme\n", "company=Organization 1 - Name email=E-mail 1 - Value first_name=Given Name last_name=Family Name name=Name phone=Phone 1 - Value", ""},
		{"an academic title", "customers", "Kd-Nr;Titel;Name\n1;Prof. Dr.;Öz\n2;;Lee\n", "customer=Kd-Nr name=Name title=Titel", ""},
		{"DATEV", "customers", "Konto;Name (Adressattyp Unternehmen);Name (Adressattyp natürl. Person);Vorname (Adressattyp natürl. Person);Ort\n10001;;Lee;Anna;Köln\n10002;AG;;;Köln\n", "city=Ort company=Name (Adressattyp Unternehmen) customer=Konto first_name=Vorname (Adressattyp natürl. Person) last_name=Name (Adressattyp natürl. Person)", "DATEV"},
		{"a statement of account", "payments", "Buchungstag;Verwendungszweck;Kontonummer/IBAN;Betrag;Waehrung\n01.02.2024;Rechnung 7;DE89370400440532013000;10,00;EUR\n", "amount=Betrag currency=Waehrung date=Buchungstag invoice=Verwendungszweck", ""},
		{"card holders who left", "contracts", "CLIENTNUM,Attrition_Flag,Customer_Age,Months_on_book\n768805383,Existing Customer,45,39\n768805384,Attrited Customer,49,44\n", "churned=Attrition_Flag customer=CLIENTNUM tenure=Months_on_book", ""},
		{"subscriptions", "contracts", "id,Customer ID,Plan,Created (UTC),Canceled At (UTC),Status\nsub_1,cus_1,gold,2022-01-01 10:00,2023-06-30 10:00,canceled\nsub_2,cus_2,gold,2022-01-01 10:00,,active\n", "churned=Status contract=id customer=Customer ID end=Canceled At (UTC) plan=Plan start=Created (UTC)", ""},
		{"a number before a name", "orders", "Belegnummer;Belegdatum;Kunde;Kundennummer;Artikel;Artikel-Nr.;Menge;Preis brutto;Gesamt brutto\n1;13.05.2023;Lee GmbH;10007;Tee;0042;2;10,00;20,00\n", "customer=Kundennummer date=Belegdatum description=Artikel gross=Gesamt brutto name=Kunde order=Belegnummer product=Artikel-Nr. quantity=Menge unit_price=Preis brutto", ""},
		{"a priority numbers no orders", "orders", "Order_Date,Customer_Id,Product,Sales,Order_Priority\n2018-01-02,7,Tea,140,Medium\n", "amount=Sales customer=Customer_Id date=Order_Date product=Product", ""},
		{"payments of a till are sales", "orders", "Date,Net Sales,Gift Card Sales,Transaction ID,Event Type,Customer ID\n5/13/2023,$20.00,$0.00,TX1,Payment,CU7\n", "customer=Customer ID date=Date net=Net Sales order=Transaction ID", ""},
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
