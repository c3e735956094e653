package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"github.com/seed57855a68/keyport"
)

// api is the API. One client serves all callers; the tokens that it gets on behalf of
// one are never used for another.
type api struct {
	client     *keyport.ConfidentialClient
	check      *checker
	next       string // URL of the next API
	nextScopes []string
	http       *http.Client
	jobs       *jobs
}

func (a *api) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /me", a.checked(a.me))
	mux.HandleFunc("POST /jobs", a.checked(a.startJob))
	mux.HandleFunc("GET /jobs/{id}", a.checked(a.goOn))
	mux.HandleFunc("DELETE /jobs/{id}", a.checked(a.endJob))
	return mux
}

// checked lets in who brings a token that serves here, and tells others why not
// (RFC 6750 §3).
func (a *api) checked(serve func(http.ResponseWriter, *http.Request, caller)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, err := a.check.check(r)
		challenge := func(params map[string]string) keyport.Challenge {
			return keyport.Challenge{Scheme: "Bearer", Params: params}
		}
		switch {
		case err == nil:
			serve(w, r, who)
		case errors.Is(err, errNoToken): // RFC 6750 §3.1: no error code for who has not tried
			refuse(w, http.StatusUnauthorized, challenge(nil))
		case errors.Is(err, errNoConsent):
			refuse(w, http.StatusForbidden, challenge(map[string]string{"error": "insufficient_scope", "scope": a.check.scope}))
		case errors.Is(err, errToken):
			refuse(w, http.StatusUnauthorized, challenge(map[string]string{"error": "invalid_token", "error_description": err.Error()}))
		default:
			a.fail(w, r, err)
		}
	}
}

func refuse(w http.ResponseWriter, status int, c keyport.Challenge) {
	w.Header().Set("WWW-Authenticate", c.String())
	w.WriteHeader(status)
}

// me asks the next API, on behalf of the user who calls.
func (a *api) me(w http.ResponseWriter, r *http.Request, who caller) {
	a.relay(w, r, func(ctx context.Context, challenge string) (keyport.Result, error) {
		return a.client.AcquireTokenOnBehalfOf(ctx, keyport.OnBehalfOfRequest{
			UserAssertion: who.token, Scopes: a.nextScopes, ClaimsChallenge: challenge,
		})
	})
}

// relay answers with what the next API says. acquire brings a token for it; one that
// meets a claims challenge when there is one.
func (a *api) relay(w http.ResponseWriter, r *http.Request, acquire func(ctx context.Context, challenge string) (keyport.Result, error)) {
	claims := ""
	for range 2 {
		token, err := acquire(r.Context(), claims)
		if err != nil {
			a.handOn(w, r, err, claims)
			return
		}
		got, err := a.ask(r.Context(), token)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		var challenged bool
		if claims, challenged = keyport.ClaimsChallenge(got.challenges); !challenged {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(got.status)
			_, _ = w.Write(got.body)
			return
		}
	}
	refuse(w, http.StatusUnauthorized, keyport.NewClaimsChallenge(claims)) // our tokens do not meet it
}

// handOn answers a caller when there is no token for the next API. Where a user must
// act, the caller has one and the API has not: it gets the claims to ask for, in a claims
// challenge of our own, and comes back with another token.
func (a *api) handOn(w http.ResponseWriter, r *http.Request, err error, challenge string) {
	if !errors.Is(err, keyport.ErrInteractionRequired) {
		a.fail(w, r, err)
		return
	}
	var refused *keyport.OAuthError
	if errors.As(err, &refused) {
		challenge = cmp.Or(refused.Claims, challenge)
	}
	if challenge == "" {
		refuse(w, http.StatusUnauthorized, keyport.Challenge{Scheme: "Bearer", Params: map[string]string{
			"error": "invalid_token", "error_description": "the user must sign in again, or consent",
		}})
		return
	}
	refuse(w, http.StatusUnauthorized, keyport.NewClaimsChallenge(challenge))
}

// fail is for what no caller can mend. What happened goes to the log; no error of the
// library holds a secret.
func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	slog.WarnContext(r.Context(), "the request failed", "path", r.URL.Path, "error", err)
	status := http.StatusBadGateway
	if errors.Is(err, keyport.ErrThrottled) || errors.Is(err, keyport.ErrUnavailable) {
		status = http.StatusServiceUnavailable
	}
	w.WriteHeader(status)
}

// answer is what the next API has said.
type answer struct {
	status     int
	body       []byte
	challenges []string // WWW-Authenticate
}

func (a *api) ask(ctx context.Context, token keyport.Result) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.next, http.NoBody)
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Authorization", token.AuthorizationHeader())
	response, err := a.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return answer{}, err
	}
	got := answer{status: response.StatusCode, body: body}
	if response.StatusCode == http.StatusUnauthorized {
		got.challenges = response.Header.Values("WWW-Authenticate")
	}
	return got, nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller may have gone
}
