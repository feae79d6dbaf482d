// Package btyd is the mathematics of customers who leave without saying so: how often each one buys, whether she is still
// there, how many purchases to expect and what they are worth ("buy till you die" models).
//
// It knows no store, no language and no money: it takes purchase histories as three whole numbers and returns models whose
// parameters have units. Everything else (which purchases count, up to which day, what is chosen in the end) is decided above.
//
// The models are BG/NBD (Fader, Hardie, Lee 2005), MBG/NBD (Batislam, Denizel, Filiztekin 2007), Pareto/NBD (Schmittlein,
// Morrison, Colombo 1987), the NBD without dropout as what remains when no dropout can be seen, and Gamma-Gamma for the value
// of a purchase (Fader, Hardie 2013, note 025). Fits are by maximum likelihood in the logarithms of the parameters. They never
// fail: what cannot be told from the data is said in the status, and all numbers stay finite.
//
// The same input gives the same bytes, whatever the number of cores: sums are taken over fixed pieces and added in their order.
//
// # Coming from lifetimes
//
// The Python library lifetimes is abandoned; its names are here:
//
//	frequency, recency, T                                 History.X, Tx, T, in whole days
//	monetary_value                                        Spend.Mean, of the repeat purchases
//	summary_data_from_transaction_data                    predict.Load, Collapse
//	BetaGeoFitter, ModifiedBetaGeoFitter, ParetoNBDFitter FitBGNBD, FitMBGNBD, FitParetoNBD
//	penalizer_coef                                        needless: fits end, and say where nothing can be told
//	conditional_probability_alive                         Model.Alive, AliveAt for a later day
//	conditional_expected_number_of_purchases_up_to_time   Model.Expected
//	expected_number_of_purchases_up_to_time               Model.Mean
//	GammaGammaFitter                                      FitGammaGamma
//	conditional_expected_average_profit                   GammaGamma.Conditional
//	customer_lifetime_value                               Model.Residual times Conditional; LifetimesValue as lifetimes has it
//	plot_cumulative_transactions                          Tracking
//	calibration_and_holdout_data                          predict.Test
//
// go test ./internal/insight/predict/... holds all of it against the golden numbers, where they are at hand.
package btyd
