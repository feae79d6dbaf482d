-- Coupons that come with orders, and what people chose about topics and frequency, kept to by the gates.

-- document is the order of ours that told the redemption, 0 where it was told by itself.
ALTER TABLE coupon_redemption ADD COLUMN document BIGINT NOT NULL DEFAULT 0;
CREATE INDEX coupon_redemption_order ON coupon_redemption (order_key);
CREATE INDEX coupon_redemption_document ON coupon_redemption (document) WHERE document <> 0;

-- The codes an order showed, as they were typed. reason is empty where the code was redeemed (redemption), else the key of the
-- text that says why it does not count, with its args.
CREATE TABLE coupon_shown (
  document BIGINT NOT NULL,
  n BIGINT NOT NULL,
  code TEXT NOT NULL,
  redemption BIGINT NOT NULL,
  reason {{text}} NOT NULL,
  args {{json}} NOT NULL,
  PRIMARY KEY (document, n)
){{clustered}};
CREATE INDEX coupon_shown_redemption ON coupon_shown (redemption) WHERE redemption <> 0;

-- topic is what the messages are about, as people choose on the page of their preferences; empty for none.
ALTER TABLE campaign ADD COLUMN topic {{text}} NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN topic {{text}} NOT NULL DEFAULT '';

-- Who wants to hear less, for the contact budget, and who left topics out.
CREATE INDEX consent_preference_often ON consent_preference (customer) WHERE frequency <> '';
