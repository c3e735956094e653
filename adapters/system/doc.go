// Package system adapts the machine that the program runs on.
//
// [Clock] is what a client uses when none is given. Give it another one in tests:
// keyporttest.Clock lets an hour pass in no time.
package system
