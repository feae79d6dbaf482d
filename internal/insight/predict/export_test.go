package predict

import "stamm/internal/platform/clock"

// CurveOf is the curve of a customer's page, and her chance on the day of her last purchase.
func CurveOf(c Card, purchases []clock.Day, present float64) ([]Point, float64) {
	return c.curve(purchases, present)
}
