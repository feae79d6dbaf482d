package api_test
import "testing"
func TestSmoke(t *testing.T) {
 each(t, func(t *testing.T, c *client) {
  defer func(){ t.Log(c.log.String()) }()
  for range 2 {
  t.Log(c.do("PUT","/customers/shop/C1",`{"first_name":"Anna","last_name":"Berg","email":"anna@example.org","phone":"040 123456","tags":["vip"]}`).text)
  t.Log(c.do("PUT","/events/shop/e1",`{"customer":{"external_id":"C1"},"name":"visit","time":"2026-03-01T10:00:00Z","properties":{"page":"/coffee","seconds":12}}`).text)
  t.Log(c.do("PUT","/documents/shop/order/a1",`{"customer":{"external_id":"C1"},"time":"2026-03-01T10:00:00Z","currency":"EUR","lines":[{"sku":"ESP-1000","description":"Espresso","quantity":"2","unit_price":"19.90"}]}`).text)
  t.Log(c.do("PUT","/products/ESP-1000",`{"name":"Espresso","price":"19.90","categories":["Coffee"]}`).text)
  }
  for _, p := range []string{"/customers","/customers/1","/customers/shop/C1","/products","/products/ESP-1000","/documents","/documents/1","/documents?customer=1","/documents/shop/order/a1","/events?customer=1","/events/1","/nix","/documents/shop/nix/a"} {
   a := c.do("GET",p,""); t.Log(p, a.status, a.text)
  }
 })
}
