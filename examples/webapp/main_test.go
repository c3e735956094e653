package main

import (
	"net"
	"os"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestMain fails when the output of the tests shows a secret.
func TestMain(m *testing.M) { os.Exit(keyporttest.ScanOutput(m)) }

func TestBaseURL(t *testing.T) {
	for base, ok := range map[string]bool{
		"https://app.example": true, "https://app.example/path": true, "http://localhost:8080": true, "http://127.0.0.1:8080": true, "http://[::1]:8080": true,
		"http://app.example": false, "app.example": false, "https://": false, "https://app.example?a=b": false, "https://app.example#a": false, "http://%zz": false,
	} {
		if err := checkBaseURL(base); (err == nil) != ok {
			t.Errorf("%q: %v", base, err)
		}
	}
	bound := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4711}
	for want, s := range map[string]settings{
		"http://localhost:4711":  {listen: "localhost:0"},
		"https://127.0.0.1:4711": {listen: "127.0.0.1:0", certificate: "app.pem"},
	} {
		if got := s.defaultBaseURL(bound); got != want {
			t.Errorf("%+v: %q, want %q", s, got, want)
		}
	}
}

// TestMistakesAreFoundAtTheStart: before anybody wants to sign in.
func TestMistakesAreFoundAtTheStart(t *testing.T) {
	for want, s := range map[string]settings{
		"invalid ClientID":      {baseURL: "https://app.example", secret: "a secret", authority: keyporttest.AuthorityURL},
		"invalid Credential":    {baseURL: "https://app.example", clientID: "my-app"},
		"invalid OIDCAuthority": {baseURL: "https://app.example", clientID: "my-app", secret: "a secret", issuer: "http://id.example"},
		"base URL is not https": {baseURL: "http://app.example", clientID: "my-app", secret: "a secret"},
	} {
		if _, _, err := newApp(t.Context(), s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", s, err, want)
		}
	}
}
