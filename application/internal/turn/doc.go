// Package turn lets those who want the same thing go one after the other: two
// redemptions of one rotating refresh token at a time would look like theft to the
// server.
package turn
