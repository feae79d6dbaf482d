-- Products are found as one types by range scans, and a job says what its progress counts.

-- The folded words of a product's name, SKU and GTIN, to find it by. middle tells whether a word is also found by what stands in
-- its middle.
CREATE TABLE product_word (
  word {{text}} NOT NULL,
  product BIGINT NOT NULL,
  middle SMALLINT NOT NULL,
  PRIMARY KEY (word, product)
){{clustered}};
CREATE INDEX product_word_product ON product_word (product);

-- The ends of those words: of filterkaffee also kaffee.
CREATE TABLE product_word_end (
  ending {{text}} NOT NULL,
  word {{text}} NOT NULL,
  PRIMARY KEY (ending, word)
){{clustered}};

-- The same words as one text, to tell whether a product fits a query: numbers, a ~, and those with middle, a space before each.
-- Empty for products from before, which get their words when the next process opens the folder.
ALTER TABLE product ADD COLUMN words TEXT NOT NULL DEFAULT '';
CREATE INDEX product_unworded ON product (id) WHERE words = '';

-- unit is what done and total count, empty for what all jobs of the kind count.
ALTER TABLE job ADD COLUMN unit {{text}} NOT NULL DEFAULT '';
