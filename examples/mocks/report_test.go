package report_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/mock/gomock"

	"github.com/seed57855a68/keyport"
	report "github.com/seed57855a68/keyport/examples/mocks"
	"github.com/seed57855a68/keyport/mocks"
)

// api wants the token that it is told to want, and challenges every other.
func api(t *testing.T, wants string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+wants {
			w.Header().Set("X-Claims", `{"access_token":{"nbf":{"essential":true}}}`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte("all is well"))
	}))
	t.Cleanup(server.Close)
	return server
}

func token(value string) keyport.Result {
	return keyport.Result{AccessToken: keyport.NewSecret(value), TokenType: "Bearer"}
}

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	tokens := mocks.NewMockTokenSource(gomock.NewController(t))
	server := api(t, "second")
	client := report.Client{Tokens: tokens, HTTP: server.Client(), URL: server.URL}

	plain := keyport.TokenRequest{Scopes: []string{"api://reports/.default"}}
	challenged := plain
	challenged.ClaimsChallenge = `{"access_token":{"nbf":{"essential":true}}}`
	gomock.InOrder(
		tokens.EXPECT().Token(gomock.Any(), plain).Return(token("first"), nil),
		tokens.EXPECT().Token(gomock.Any(), challenged).Return(token("second"), nil),
	)
	got, err := client.Latest(t.Context())
	if err != nil || got != "all is well" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAnOutageMeansLater(t *testing.T) {
	tokens := mocks.NewMockTokenSource(gomock.NewController(t))
	tokens.EXPECT().Token(gomock.Any(), gomock.Any()).Return(keyport.Result{}, &keyport.TransportError{
		Operation: "token endpoint", Host: "login.microsoftonline.com", Err: errors.New("connection refused"),
	})
	client := report.Client{Tokens: tokens}
	if _, err := client.Latest(t.Context()); !errors.Is(err, report.ErrLater) {
		t.Errorf("got %v, want ErrLater", err)
	}
}
