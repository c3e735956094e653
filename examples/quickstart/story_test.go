package main

import (
	"regexp"
	"strings"
	"testing"
)

// TestTheStoryIsTrue runs the whole demonstration and reads what it says.
func TestTheStoryIsTrue(t *testing.T) {
	var out strings.Builder
	if err := (story{out: &out}).atHome(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`A token server of our own listens at https://127\.0\.0\.1:\d+`,
		`1\. A first token.*\n   from the server in \S+s\n   token \[redacted\], a Bearer token for https://graph`,
		`2\. The same again\n   from the cache, 100000 times: \S+s each`,
		`all have it, after 1 request\n`,
		`the old one at once, from the cache`,
		`and then the new one, from the cache, after 1 request\n`,
		`when it has ended\n   from the server`,
		`the token from the cache is good for 3m0s yet`,
		`7\. By certificate.*\n   from the server`,
		`invalid_client AADSTS7000215: the client secret is wrong`,
		`errors\.Is\(err, keyport\.ErrInvalidClient\): true`,
		`invalid Scopes: .*does not end in "/\.default"`,
		`That was 7 requests`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("the story lacks %q:\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), secret) {
		t.Error("the story tells the secret")
	}
}

// TestAbroadStopsAtAMistake: what a reader gets wrong is said before anything is sent.
func TestAbroadStopsAtAMistake(t *testing.T) {
	for _, row := range []struct {
		registration registration
		want         string
	}{
		{registration{}, "ClientID"},
		{registration{clientID: clientID, authority: "https://login.microsoftonline.com/contoso.onmicrosoft.com"}, "Credential"},
		{registration{clientID: clientID, secret: secret, authority: "login.microsoftonline.com"}, "Authority"},
		{registration{clientID: clientID, secret: secret, issuer: "http://id.example.com"}, "OIDCAuthority"},
		{registration{clientID: clientID, certificate: "no such file"}, "Credential.File"},
	} {
		var out strings.Builder
		err := (story{out: &out}).abroad(t.Context(), row.registration)
		if err == nil || !strings.Contains(err.Error(), "invalid "+row.want+":") {
			t.Errorf("got %v, want an error that names %s", err, row.want)
		}
	}
}
