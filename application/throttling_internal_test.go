package application

import (
	"net/url"
	"testing"

	"github.com/seed57855a68/keyport/application/internal/tokenendpoint"
	"github.com/seed57855a68/keyport/domain"
)

// TestWhatPeopleChooseIsInNoDigest: whoever reads the cache could try passwords
// against it.
func TestWhatPeopleChooseIsInNoDigest(t *testing.T) {
	c := &core{facts: facts{clientID: "my-app"}}
	of := func(username, password string) (pause, refusal string) {
		grant := url.Values{"grant_type": {"password"}, "username": {username}, "password": {password}}
		r := tokenRequest{grant: grant, scopes: domain.ScopesFromResponse("User.Read")}
		k := c.throttled(t.Context(), r, tokenendpoint.Request{Endpoint: "https://login.example/token", Form: c.form(r)})
		return k.Pause, k.Refusal
	}
	pause, refusal := of("ada", "one")
	if refusal != "" {
		t.Error("the refusal of a password is remembered")
	}
	if other, _ := of("ada", "two"); other != pause {
		t.Error("the pause depends on the password")
	}
	if bobs, _ := of("bob", "one"); bobs == pause {
		t.Error("one user's pause is another's")
	}
}
