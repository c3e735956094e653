// Package mocks holds gomock mocks of every port, for unit tests of programs
// that use keyport: count the calls, return what the test needs, fail on demand.
//
// They are generated from package ports; `make generate` renews them.
package mocks

//go:generate go tool mockgen -typed -package mocks -destination mocks.go github.com/seed57855a68/keyport/ports HTTPClient,TLSConfigurer,TokenCache,HTTPCache,Clock,Locker,Sealer,Environment,Browser,RedirectListener,RedirectReceiver,Observer,TokenSource
