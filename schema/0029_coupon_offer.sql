-- Which measures showed a customer a coupon, so that what she redeems is booked with the one that reached her last before the order. Codes that were
-- given before name their measure themselves.
CREATE TABLE coupon_offer (
  customer BIGINT NOT NULL,
  coupon BIGINT NOT NULL,
  measure BIGINT NOT NULL,
  day BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (customer, coupon, measure)
){{clustered}};
