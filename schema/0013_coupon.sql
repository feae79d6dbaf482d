-- Coupons: what is taken off an order for whoever shows a code, the codes, and who redeemed them.

-- kind is percent (value in hundredths of a per cent) or amount (value in minor units of currency). products and
-- categories narrow what it counts for; both empty is everything. code is the one code of all, empty where each
-- recipient has an own one. first_day and last_day are days of the company, both included. most bounds all
-- redemptions together, 0 not at all. made counts the codes, given those that have a customer; redeemed and granted
-- what became of them.
CREATE TABLE coupon (
  id {{id}},
  name TEXT NOT NULL,
  kind {{text}} NOT NULL,
  value BIGINT NOT NULL,
  currency TEXT NOT NULL,
  minimum BIGINT NOT NULL,
  products {{json}} NOT NULL,
  categories {{json}} NOT NULL,
  code {{text}} NOT NULL,
  once SMALLINT NOT NULL,
  personal SMALLINT NOT NULL,
  first_day BIGINT,
  last_day BIGINT,
  most BIGINT NOT NULL,
  measure BIGINT NOT NULL,
  made BIGINT NOT NULL,
  given BIGINT NOT NULL,
  redeemed BIGINT NOT NULL,
  granted BIGINT NOT NULL,
  stopped_at BIGINT,
  created_at BIGINT NOT NULL,
  created_kind TEXT NOT NULL,
  created_by BIGINT NOT NULL
){{strict}};
CREATE UNIQUE INDEX coupon_shared ON coupon (code) WHERE code <> '';

-- A code is kept as a number (coupon.Parse). n counts the codes of a coupon; they are given to customers in this order.
CREATE TABLE coupon_code (
  number BIGINT PRIMARY KEY,
  coupon BIGINT NOT NULL,
  n BIGINT NOT NULL,
  customer BIGINT NOT NULL,
  measure BIGINT NOT NULL,
  given_at BIGINT,
  redeemed BIGINT NOT NULL
){{strict}};
CREATE UNIQUE INDEX coupon_code_n ON coupon_code (coupon, n);
CREATE UNIQUE INDEX coupon_code_customer ON coupon_code (customer, coupon) WHERE customer <> 0;

-- A redemption is known by the order; number is 0 for the one code of all. amount is what the coupon counted for, discount
-- what it took off, both in the currency of the coupon.
CREATE TABLE coupon_redemption (
  id {{id}},
  coupon BIGINT NOT NULL,
  order_key {{text}} NOT NULL,
  number BIGINT NOT NULL,
  customer BIGINT NOT NULL,
  measure BIGINT NOT NULL,
  day BIGINT NOT NULL,
  at BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  discount BIGINT NOT NULL,
  UNIQUE (coupon, order_key)
){{strict}};
CREATE INDEX coupon_redemption_customer ON coupon_redemption (customer, coupon);
CREATE INDEX coupon_redemption_number ON coupon_redemption (number, coupon);
