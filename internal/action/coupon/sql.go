package coupon

const fields = `id, name, kind, value, currency, minimum, products, categories, code, once, personal, first_day, last_day, most, measure,
	made, given, redeemed, granted, stopped_at, created_at, created_kind, created_by`

const (
	sqlCreate = `INSERT INTO coupon (name, kind, value, currency, minimum, products, categories, code, once, personal, first_day, last_day, most,
			measure, made, given, redeemed, granted, stopped_at, created_at, created_kind, created_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, 0, 0, 0, NULL, $15, $16, $17) RETURNING id`
	sqlStop     = `UPDATE coupon SET stopped_at = $2 WHERE id = $1`
	sqlLoad     = `SELECT ` + fields + ` FROM coupon WHERE id = $1`
	sqlList     = `SELECT ` + fields + ` FROM coupon WHERE id < $1 ORDER BY id DESC LIMIT $2`
	sqlShared   = `SELECT ` + fields + ` FROM coupon WHERE code = $1 AND code <> ''`
	sqlSharedID = `SELECT id FROM coupon WHERE code = $1 AND code <> ''`

	sqlMade  = `UPDATE coupon SET made = made + $2 WHERE id = $1`
	sqlGiven = `UPDATE coupon SET given = given + $2 WHERE id = $1`

	sqlCode      = `SELECT coupon, customer, measure, redeemed FROM coupon_code WHERE number = $1`
	sqlCodes     = `SELECT number, n, customer, redeemed FROM coupon_code WHERE coupon = $1 AND n > $2 ORDER BY n LIMIT $3`
	sqlCodesOf   = `SELECT customer, number FROM coupon_code WHERE coupon = $1 AND customer <> 0 AND customer %s`
	sqlFree      = `SELECT number FROM coupon_code WHERE coupon = $1 AND n > $2 AND n <= $3 ORDER BY n`
	sqlGive      = `UPDATE coupon_code SET customer = $2, measure = $3, given_at = $4 WHERE number = $1`
	sqlOfPerson  = `SELECT coupon, number, given_at, redeemed FROM coupon_code WHERE customer = $1 AND customer <> 0 ORDER BY given_at DESC, coupon`
	sqlCountCode = `UPDATE coupon_code SET redeemed = redeemed + 1 WHERE number = $1`

	sqlRedeemed = `UPDATE coupon SET redeemed = redeemed + 1, granted = granted + $2 WHERE id = $1`
	sqlRedeem   = `INSERT INTO coupon_redemption (coupon, order_key, number, customer, measure, day, at, amount, discount)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`
	sqlOfOrder     = `SELECT ` + redemptionFields + ` FROM coupon_redemption WHERE coupon = $1 AND order_key = $2`
	sqlOfCustomer  = `SELECT count(*) FROM coupon_redemption WHERE customer = $1 AND coupon = $2`
	sqlRedemptions = `SELECT ` + redemptionFields + ` FROM coupon_redemption WHERE coupon = $1 AND id < $2 ORDER BY id DESC LIMIT $3`

	redemptionFields = `id, coupon, order_key, number, customer, measure, day, at, amount, discount, document`

	sqlOffers = `SELECT customer, coupon, measure, day, at FROM coupon_offer WHERE customer %s AND coupon %s`

	sqlCategories = `SELECT p.sku, p.id, COALESCE(c.category, '') FROM product p LEFT JOIN product_category c ON c.product = p.id WHERE p.sku %s`

	// codes of many orders at once

	sqlLoadIn      = `SELECT ` + fields + ` FROM coupon WHERE id %s`
	sqlSharedIn    = `SELECT id, code FROM coupon WHERE code %s AND code <> ''`
	sqlCodesIn     = `SELECT number, coupon, customer, measure, redeemed FROM coupon_code WHERE number %s`
	sqlUses        = `SELECT customer, coupon, count(*) FROM coupon_redemption WHERE customer %s AND coupon %s GROUP BY customer, coupon`
	sqlCategoryOf  = `SELECT product, category FROM product_category WHERE product %s`
	sqlOfOrders    = `SELECT ` + redemptionFields + ` FROM coupon_redemption WHERE order_key %s ORDER BY id`
	sqlOfDocuments = `SELECT ` + redemptionFields + ` FROM coupon_redemption WHERE document %s AND document <> 0 ORDER BY id`
	sqlAnyRedeemed = `SELECT id FROM coupon_redemption ORDER BY id LIMIT 1`

	sqlRedeemedMany    = `UPDATE coupon SET redeemed = redeemed + $2, granted = granted + $3 WHERE id = $1`
	sqlCountCodes      = `UPDATE coupon_code SET redeemed = redeemed + 1 WHERE number %s`
	sqlUncountCodes    = `UPDATE coupon_code SET redeemed = redeemed - 1 WHERE number %s`
	sqlDropRedemptions = `DELETE FROM coupon_redemption WHERE id %s`

	sqlDropShown = `DELETE FROM coupon_shown WHERE document %s`
	sqlUnshow    = `UPDATE coupon_shown SET redemption = 0, reason = $2 WHERE redemption %s AND redemption <> 0`
	sqlShownBy   = `SELECT s.document, s.code, s.redemption, s.reason, s.args, COALESCE(r.coupon, 0), COALESCE(r.discount, 0), COALESCE(c.currency, '')
		FROM coupon_shown s LEFT JOIN coupon_redemption r ON r.id = s.redemption LEFT JOIN coupon c ON c.id = r.coupon
		WHERE s.document %s ORDER BY s.document, s.n`
)
