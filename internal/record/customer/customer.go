// Package customer keeps who the customers are: persons and companies, how to reach them, what other systems call
// them, and where each of these facts came from.
//
// Every change is written together with an entry of the feed that names the fields and keeps their old values beside
// it, so that history, undo and "where does this come from" need nothing of their own. Imports go through Upsert and
// Ensure, which decide about up to 1,000 rows with a handful of statements. Erase takes everything that tells who
// somebody was and leaves an empty shell for the figures.
package customer
