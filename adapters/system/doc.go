// Package system adapts the machine that the program runs on.
//
// [Clock] is what a client uses when none is given. Give it another one in tests:
// keyporttest.Clock lets an hour pass in no time.
//
// [Environment] reads the variables of the process: those by which Azure says which
// region a program runs in.
//
// [Browser] opens the sign-in page for the user of a desktop. It knows Windows, macOS,
// Linux and the BSDs, and from inside the Windows Subsystem for Linux it opens the
// browser of Windows. To choose another one, set BROWSER; Microsoft Edge, say, which
// device-based Conditional Access asks for on Linux:
//
//	BROWSER=microsoft-edge ./program
//
// On a machine without a display, Open fails at once, and the error says what to do:
// show the address to the user, or use the device flow. To open pages in a way of your
// own, such as in a window of your program, implement ports.Browser; it has one method.
package system
