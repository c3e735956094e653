// Package region knows which of Entra ID's regions a client asks: the one that its
// configuration names, or the one that the machine is in. A machine is asked when the
// first token is wanted and not before, for two seconds at most, and what it says is
// remembered, and so is that it said nothing. The package remembers too when a region's
// host fails, so that the global one is asked at once for the next minutes.
package region
