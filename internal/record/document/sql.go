package document

const documentFields = `id, source, kind, external_id, customer, at, day, status, currency, rate, net, tax, gross, shipping,
	amount, cost, sale, file_rows, sale_rows, due_day, promised_day, kept_day, reference, made_run, run, hash, created_at, changed_at`

const lineFields = `document, n, product, description, quantity, unit_price, amount, base_amount, cost, sale`

// linkFields are what finding the target of a document takes.
const linkFields = `d.id, d.kind, d.source, d.customer, d.at, d.amount, d.reference`

const (
	sqlFind = `SELECT kind, external_id, id, hash, customer FROM document WHERE source = $1 AND external_id %s`

	sqlAnyBetween = `SELECT 1 FROM document WHERE source = $1 AND external_id >= $2 AND external_id <= $3 LIMIT 1`

	sqlAdd = `INSERT INTO document (source, kind, external_id, customer, at, day, status, currency, rate, net, tax, gross, shipping, amount, cost,
			sale, file_rows, sale_rows, due_day, promised_day, kept_day, reference, made_run, run, hash, created_at, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)
		ON CONFLICT (source, external_id, kind) DO NOTHING RETURNING id`

	sqlUpdate = `UPDATE document SET source = $2, kind = $3, external_id = $4, customer = $5, at = $6, day = $7, status = $8,
		currency = $9, rate = $10, net = $11, tax = $12, gross = $13, shipping = $14, amount = $15, cost = $16, sale = $17,
		file_rows = $18, sale_rows = $19, due_day = $20, promised_day = $21, kept_day = $22, reference = $23,
		made_run = $24, run = $25, hash = $26, changed_at = $27 WHERE id = $1`

	sqlLoad      = `SELECT ` + documentFields + ` FROM document WHERE id %s ORDER BY id`
	sqlPage      = `SELECT ` + documentFields + ` FROM document WHERE id > $1 ORDER BY id LIMIT $2`
	sqlLoadLines = `SELECT ` + lineFields + ` FROM document_line WHERE document %s ORDER BY document, n`

	sqlDeleteLines     = `DELETE FROM document_line WHERE document %s`
	sqlDeleteDocuments = `DELETE FROM document WHERE id %s`
	sqlPointing        = `SELECT DISTINCT document FROM document_link WHERE target %s`
	sqlDeleteLinks     = `DELETE FROM document_link WHERE document %s OR document %s`
	sqlToWait          = `SELECT id, kind, source, customer, reference FROM document WHERE id %s`
	sqlDeleteUnlinked  = `DELETE FROM document_unlinked WHERE document %s`
	sqlUnlinked        = `SELECT ` + linkFields + ` FROM document_unlinked u JOIN document d ON d.id = u.document WHERE u.document > $1 ORDER BY u.document LIMIT $2`
	sqlCountUnlinked   = `SELECT count(*) FROM document_unlinked`
	sqlToLink          = `SELECT ` + linkFields + ` FROM document d WHERE d.id %s ORDER BY d.id`

	sqlWaitingOf    = `SELECT document FROM document_unlinked WHERE customer %s`
	sqlWaitingAmong = `SELECT document FROM document_unlinked WHERE document %s ORDER BY document`

	sqlTargets     = `SELECT id, kind, sale, external_id FROM document WHERE source = $1 AND external_id %s AND kind IN (2, 4) ORDER BY kind`
	sqlBillsTarget = `SELECT target FROM document_link WHERE document = $1 AND kind = 'invoices' ORDER BY n LIMIT 1`
	sqlBilled      = `UPDATE document SET sale = 0 WHERE sale = 1 AND id %s`
	sqlUnbilled    = `UPDATE document SET sale = 1 WHERE kind = 4 AND sale = 0 AND sale_rows > 0 AND id %s`

	// The lines of a customer's sales up to a time that carry one of the products, newest first, with what is left of them.
	sqlReturnable = `SELECT d.id, l.n, l.product, l.unit_price, l.quantity - COALESCE((SELECT sum(k.quantity) FROM document_link k
			WHERE k.target = d.id AND k.target_line = l.n AND k.kind = 'reverses'), 0)
		FROM document d JOIN document_line l ON l.document = d.id
		WHERE d.customer = $1 AND d.at <= $2 AND d.sale = 1 AND l.sale = 1 AND l.product %s
		ORDER BY d.at DESC, d.id DESC, l.n`

	sqlMadeBy         = `SELECT id FROM document WHERE id BETWEEN $1 AND $2 AND made_run = $3 AND run = $3 ORDER BY id`
	sqlMadeAndChanged = `SELECT id FROM document WHERE id BETWEEN $1 AND $2 AND made_run = $3 AND run <> $3 ORDER BY id`

	sqlOfCustomer = `SELECT ` + documentFields + ` FROM document WHERE customer = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4`

	sqlSalesOf = `SELECT ` + documentFields + ` FROM document WHERE customer = $1 AND sale = 1 AND ($2 = '' OR external_id = $2)
		ORDER BY at DESC, id DESC LIMIT $3`

	// Sales of the company that are no customer's.
	sqlAnonymous = `SELECT ` + documentFields + ` FROM document WHERE customer = 0 AND sale = 1 AND (at, id) < ($1, $2) ORDER BY at DESC, id DESC LIMIT $3`

	sqlLinksFrom = `SELECT k.kind, k.target, k.amount, d.kind, d.external_id, d.day FROM document_link k JOIN document d ON d.id = k.target WHERE k.document = $1 ORDER BY k.n`
	sqlLinksTo   = `SELECT k.kind, k.document, k.amount, d.kind, d.external_id, d.day FROM document_link k JOIN document d ON d.id = k.document WHERE k.target = $1 ORDER BY k.document, k.n`

	// Open items are derived from the invoices that were not cancelled.
	sqlInvoices = `SELECT d.id, d.external_id, d.day, d.due_day, d.currency, COALESCE(d.gross, d.net + COALESCE(d.tax, 0)),
			COALESCE((SELECT min(k.target) FROM document_link k WHERE k.document = d.id AND k.kind = 'invoices'), 0)
		FROM document d WHERE d.customer = $1 AND d.kind = 4 AND d.sale_rows > 0 AND (d.gross IS NOT NULL OR d.net IS NOT NULL)
		ORDER BY d.due_day NULLS LAST, d.id`
	// What was paid and given back for documents, with the part of each that is theirs; what names the invoice itself is
	// not counted for its order.
	sqlSettling = `SELECT k.target, p.kind, p.currency, COALESCE(p.gross, p.net, 0), k.part,
			(SELECT sum(w.amount) FROM document_link w WHERE w.document = k.document AND w.kind = 'reverses')
		FROM (SELECT target, document, kind, sum(amount) AS part FROM document_link WHERE target %s AND kind IN ('pays', 'reverses', 'credits')
			GROUP BY target, document, kind) k JOIN document p ON p.id = k.document
		WHERE k.kind <> 'reverses' OR NOT EXISTS (SELECT 1 FROM document_link c WHERE c.document = k.document AND c.kind = 'credits')
		ORDER BY p.id`

	sqlSaleDays = `SELECT DISTINCT d.day FROM document d WHERE d.customer = $1 AND d.sale = 1 AND d.day <= $2
		AND d.amount >= 0 AND NOT (d.amount > 0 AND COALESCE((SELECT sum(k.amount) FROM document_link k WHERE k.target = d.id AND k.kind = 'reverses'), 0) >= d.amount)
		ORDER BY d.day`

	sqlCustomersWith = `SELECT DISTINCT customer FROM document WHERE customer BETWEEN $1 AND $2`
	sqlCountOf       = `SELECT count(*) FROM document WHERE customer = $1`
	sqlAny           = `SELECT COUNT(1) FROM (SELECT id FROM document LIMIT 1) AS first`
)
