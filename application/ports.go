package application

import (
	"reflect"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// Ports are what a client needs from the outside world.
type Ports struct {
	// HTTPClient sends requests; when nil, a client with time-outs, retries and TLS 1.2
	// or later. An *http.Client will do.
	HTTPClient ports.HTTPClient
	// TokenCache keeps tokens; when nil, they live in memory and die with the client.
	TokenCache ports.TokenCache
	// HTTPCache keeps public documents, and what a server wants to be spared for a while;
	// when nil, they live in memory. Processes that share one share its pauses.
	HTTPCache ports.HTTPCache
	// Clock tells the time; when nil, it is the system's.
	Clock ports.Clock
	// Locker lets one of many processes redeem a refresh token at a time; when nil, the
	// TokenCache itself if it is one, and otherwise each process by itself.
	Locker ports.Locker
	// Environment reads environment variables; when nil, those of the process.
	Environment ports.Environment
	// Browser opens the sign-in page, and RedirectListener receives the answer, when a user
	// signs in on this machine; when nil, the system's browser and a port of the loopback
	// interface.
	Browser          ports.Browser
	RedirectListener ports.RedirectListener
	// Observer is told what happened, for metrics and traces; when nil, nothing is measured.
	Observer ports.Observer
}

// observer returns who is told what happened; nil when nobody is.
func (p Ports) observer() ports.Observer {
	if isNil(p.Observer) {
		return nil
	}
	return p.Observer
}

// locker returns what keeps other processes from redeeming; nil when nothing does.
func (p Ports) locker() ports.Locker {
	if !isNil(p.Locker) {
		return p.Locker
	}
	own, _ := p.TokenCache.(ports.Locker)
	return own
}

// check reports the first port that is missing.
func (p Ports) check() error {
	for _, port := range []struct {
		field string
		value any
	}{
		{"Ports.HTTPClient", p.HTTPClient},
		{"Ports.TokenCache", p.TokenCache},
		{"Ports.HTTPCache", p.HTTPCache},
		{"Ports.Clock", p.Clock},
	} {
		if isNil(port.value) {
			return &domain.ConfigError{Field: port.field, Problem: "is nil", Remedy: "pass one, or leave the field unset for the default"}
		}
	}
	return nil
}

// isNil sees a nil pointer inside an interface too, which would fail at the first call.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}
