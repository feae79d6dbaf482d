// Package email is how mails leave the house, and what comes back of them: MIME, SMTP, DKIM, limits and warm-up on the
// one side, bounces, complaints and replies on the other.
//
// A mail is written into one buffer that its session uses again for the next, in a form that needs no further pass: no
// line begins with a dot, so SMTP sends the buffer as it is and DKIM signs what is sent. Whether a mail has left is said
// with care: until its last dot is on the wire it has not and is tried again, from then until the reply nobody knows.
package email
