package product

const fields = `id, sku, gtin, name, category, unit, price, cost, currency, active, made_run, run, created_at, changed_at`

const (
	sqlFind  = `SELECT id, sku, cost, currency FROM product WHERE sku %s`
	sqlBySKU = `SELECT ` + fields + ` FROM product WHERE sku %s`
	sqlLoad  = `SELECT ` + fields + ` FROM product WHERE id = $1`
	sqlList  = `SELECT ` + fields + ` FROM product WHERE sku >= $1 AND sku < $2 AND sku > $3 ORDER BY sku LIMIT $4`
	sqlNames = `SELECT id, sku, name FROM product WHERE id %s`

	sqlCategories       = `SELECT product, category FROM product_category WHERE product %s ORDER BY product, category`
	sqlDeleteCategories = `DELETE FROM product_category WHERE product = $1`

	sqlUpdate = `UPDATE product SET sku = $2, gtin = $3, name = $4, category = $5, unit = $6, price = $7, cost = $8, currency = $9,
		active = $10, made_run = $11, run = $12, hash = $13, changed_at = $14, words = $15 WHERE id = $1`

	sqlDeleteWords = `DELETE FROM product_word WHERE product = $1`
	sqlKnownWords  = `SELECT word FROM product_word_end WHERE ending = word AND ending %s`
	sqlUnworded    = `SELECT ` + fields + ` FROM product WHERE words = '' ORDER BY id LIMIT $1`
	sqlWords       = `UPDATE product SET words = $2 WHERE id = $1`

	sqlDeleteMade = `DELETE FROM product WHERE id = $1 AND made_run = $2 AND run = $2`
	sqlUsed       = `SELECT DISTINCT product FROM document_line WHERE product <> 0`
)
