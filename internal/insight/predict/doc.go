// Package predict foresees what each customer will do: the chance that she buys again, how much to expect of her, what she is
// worth, how sure that is and why; and what follows for all customers together.
//
// Purchases come from the warehouse as histories (Book), models from btyd are fitted to them, and which of them is believed is
// decided by a backtest: every candidate, simple rules included, has to foretell the newest stretch of time from what was known
// before it. What wins is said in the model card, also when a simple rule wins. Customers are never ranked by the probability
// of being alive but by that of buying within the horizon: BG/NBD calls everybody alive who bought once.
//
// Scores are rows of the store, so that a rebuilt warehouse shows the same; reasons are codes with numbers that are put into
// words when they are shown. Nothing here depends on the number of cores.
package predict
