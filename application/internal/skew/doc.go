// Package skew learns from a server's answers how far its clock is from the machine's,
// for what a client says of the time and the server judges by its own clock: the life
// of a client assertion. Nothing else goes by it; how long a token lives is measured on
// the machine's clock.
package skew
