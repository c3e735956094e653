// Package report shows how a program tests its own logic around tokens: it takes a
// [keyport.TokenSource], and its test passes a mock. No network, no registration.
package report
