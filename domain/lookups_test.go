package domain_test

import (
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

func TestTokenSetLookups(t *testing.T) {
	other := refreshToken("other")
	other.Key.ClientID = "1"
	set := domain.NewTokenSet(accessToken("at", "a", time.Hour), refreshToken("rt"), other, idToken("id"), appMetadata("1"))
	if got, ok := set.RefreshToken(other.Key); !ok || got.Secret.Reveal() != "other" {
		t.Errorf("got refresh token %v, %v", got, ok)
	}
	if got, ok := set.IDToken(idToken("").Key); !ok || got.Secret.Reveal() != "id" {
		t.Errorf("got ID token %v, %v", got, ok)
	}
	if got, ok := set.AppMetadata(appMetadata("").Key); !ok || got.FamilyID != "1" {
		t.Errorf("got client %v, %v", got, ok)
	}
	for _, s := range []domain.TokenSet{set, {}} {
		key := keyOf("a") // of an access token, which is none of these
		if got, ok := s.RefreshToken(key); ok || got != (domain.RefreshToken{}) {
			t.Errorf("got refresh token %v, %v", got, ok)
		}
		if got, ok := s.IDToken(key); ok || got != (domain.IDToken{}) {
			t.Errorf("got ID token %v, %v", got, ok)
		}
		if got, ok := s.AppMetadata(key); ok || got != (domain.AppMetadata{}) {
			t.Errorf("got client %v, %v", got, ok)
		}
	}
}
