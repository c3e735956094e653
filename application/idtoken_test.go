package application_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
)

// TestAnAnswerThatDoesNotSayWhoseItIsSignsNobodyIn: neither the caller nor the cache gets
// a token of it.
func TestAnAnswerThatDoesNotSayWhoseItIsSignsNobodyIn(t *testing.T) {
	const answer = `{"token_type":"Bearer","access_token":"access-1","refresh_token":"refresh-1","expires_in":3600`
	for _, row := range []struct {
		name, more, field string // field that the error names; "" for a good answer
		withIDToken       bool
	}{
		{"in order", `}`, "", true},
		{"without an ID token", `}`, "id_token", false},
		{"with a client_info that is no JSON", `,"client_info":"bm90IEpTT04"}`, "client_info", true},
		{"with a client_info of nobody", `,"client_info":"e30"}`, "client_info", true},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newUserServer(t)
			client, cache := usersClient(t, s)
			s.hook = func(form url.Values) (int, string) {
				body := answer
				if row.withIDToken {
					body += `,"id_token":"` + s.unsignedIDToken(form.Get("client_id")) + `"`
				}
				return http.StatusOK, body + row.more
			}
			got, err := client.AcquireTokenByAuthorizationCode(t.Context(), application.AuthorizationCodeRequest{
				Code: domain.NewSecret("a-code"), Scopes: []string{userScope},
			})
			var bad *domain.ResponseError
			if named := errors.As(err, &bad) && bad.Field == row.field; named == (row.field == "") || !named && err != nil {
				t.Errorf("%s: got %v", row.name, err)
			}
			if signedIn := cache.Len() != 0 || !got.AccessToken.IsZero(); signedIn != (row.field == "") {
				t.Errorf("%s: %d users are in the cache, and the caller has a token: %v", row.name, cache.Len(), !got.AccessToken.IsZero())
			}
		})
	}
}
