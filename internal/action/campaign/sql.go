package campaign

const fields = `id, measure, name, goal, purpose, basis, sender, segment, excluded, language, variants, control, horizon, budget, winner, plan,
	state, version, approved_version, approved_by, edited_by, phase, cursor, recipients, won, go_at, decide_at, trial, created_at, created_by, changed_at, channel, calls, topic, tracking,
	(SELECT m.outcome FROM measure m WHERE m.id = campaign.measure)`

const (
	sqlCreate = `INSERT INTO campaign (measure, name, goal, purpose, basis, sender, segment, excluded, language, variants, control, horizon, budget, winner, plan,
			state, version, approved_version, approved_by, edited_by, phase, cursor, recipients, won, go_at, decide_at, trial, created_at, created_by, changed_at, channel, calls, topic, tracking)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'draft', 1, 0, 0, $20, '', 0, 0, '', NULL, NULL, 'null', $21, $20, $21, $16, $17, $18, $19) RETURNING id`
	sqlChange = `UPDATE campaign SET name = $2, goal = $3, purpose = $4, basis = $5, sender = $6, segment = $7, excluded = $8, language = $9, variants = $10,
		control = $11, horizon = $12, budget = $13, winner = $14, plan = $15, channel = $16, calls = $17, topic = $18, tracking = $19, state = 'draft', version = version + 1, edited_by = $20, changed_at = $21
		WHERE id = $1`
	sqlLoad      = `SELECT ` + fields + ` FROM campaign WHERE id = $1`
	sqlLoadMany  = `SELECT ` + fields + ` FROM campaign WHERE id %s`
	sqlList      = `SELECT ` + fields + ` FROM campaign WHERE id < $1 ORDER BY id DESC LIMIT $2`
	sqlListState = `SELECT ` + fields + ` FROM campaign WHERE id < $1 AND state = $3 ORDER BY id DESC LIMIT $2`

	sqlOfMeasure = `SELECT id FROM campaign WHERE measure = $1`

	sqlApprove = `UPDATE campaign SET state = 'approved', approved_version = version, approved_by = $2, changed_at = $3 WHERE id = $1`
	sqlState   = `UPDATE campaign SET state = $2, go_at = $3, changed_at = $4 WHERE id = $1`
	sqlPhase   = `UPDATE campaign SET phase = $2, cursor = $3, decide_at = $4, changed_at = $5 WHERE id = $1`
	sqlFound   = `UPDATE campaign SET recipients = recipients + $2, cursor = $3 WHERE id = $1`
	sqlCursor  = `UPDATE campaign SET cursor = $2 WHERE id = $1`
	sqlWon     = `UPDATE campaign SET won = $2 WHERE id = $1`
	sqlTrial   = `UPDATE campaign SET trial = $2 WHERE id = $1`

	sqlRecipients = `SELECT customer FROM campaign_recipient WHERE campaign = $1 AND customer > $2 ORDER BY customer LIMIT $3`

	sqlRules    = `SELECT approval FROM campaign_rules WHERE id = 1`
	sqlSetRules = `INSERT INTO campaign_rules (id, approval, changed_at) VALUES (1, $1, $2)
		ON CONFLICT (id) DO UPDATE SET approval = excluded.approval, changed_at = excluded.changed_at`

	// The language she chose on the page of her preferences beats the one that somebody wrote down.
	sqlReaders = `SELECT id, kind, name, first_name, last_name, company, salutation, title, address_form,
		COALESCE((SELECT p.language FROM consent_preference p WHERE p.customer = customer.id AND p.language <> '' ORDER BY p.changed_at DESC LIMIT 1), language), country, since
		FROM customer WHERE id %s AND erased_at IS NULL AND merged_into IS NULL`
	sqlMails = `SELECT customer, address FROM customer_email WHERE customer %s AND valid = 1
			AND (valid_from IS NULL OR valid_from <= $2) AND (valid_until IS NULL OR valid_until >= $2) ORDER BY customer, main DESC, id`
	sqlPhones = `SELECT customer, number FROM customer_phone WHERE customer %s AND number <> ''
			AND (valid_from IS NULL OR valid_from <= $2) AND (valid_until IS NULL OR valid_until >= $2) ORDER BY customer, main DESC, valid DESC, id`
	sqlContacts = `SELECT company, person FROM customer_contact WHERE company %s
			AND (valid_from IS NULL OR valid_from <= $2) AND (valid_until IS NULL OR valid_until >= $2) ORDER BY company, id`
	sqlProducts = `SELECT id, sku, name, price, currency FROM product WHERE id %s AND active = 1`

	sqlReplied = `SELECT arm, count(*), sum(CASE WHEN EXISTS (SELECT 1 FROM mail_return r WHERE r.message = message.id AND r.kind = 'reply') THEN 1 ELSE 0 END)
		FROM message WHERE measure = $1 AND state = 'sent' GROUP BY arm`

	sqlBounced = `SELECT COUNT(DISTINCT r.message) FROM mail_return r JOIN message m ON m.id = r.message WHERE r.kind = 'bounce' AND m.measure = $1 AND m.state = 'sent'`
)
