// Package campaign writes to many customers at once: what a mail says, to whom it goes, when it leaves, and the way from a
// draft to the last message.
//
// A mail is made of blocks that become tables of HTML on the server, because mail programs understand little else, and a
// text beside it from the same words; own HTML is sent as it is. Personal words are Liquid (platform/liquid). A campaign
// never sends: it proposes messages to action/message, where gates, budget and ledger are.
package campaign
