package application_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// replay is the network of one flow: it answers token requests as the peer's were
// answered, and publishes the documents that the recorded servers had. Clients call it from
// goroutines of their own, so it never ends the test.
type replay struct {
	t         *testing.T
	answers   []recordedAnswer
	documents map[string]recordedAnswer
	clock     *keyporttest.Clock

	mu    sync.Mutex // guards what follows
	nonce string     // of the authorization request
	sent  []facts
}

// Do implements ports.HTTPClient.
func (r *replay) Do(req *http.Request) (*http.Response, error) {
	answer := r.answer(req)
	header := http.Header{}
	for name, value := range answer.Headers {
		header.Set(name, value)
	}
	return &http.Response{
		StatusCode: answer.Status, Header: header, Body: io.NopCloser(strings.NewReader(string(answer.Body))), Request: req,
	}, nil
}

func (r *replay) answer(req *http.Request) recordedAnswer {
	if req.Method == http.MethodPost {
		return r.answerToken(req)
	}
	place := *req.URL
	place.RawQuery = ""
	if document, found := r.documents[place.String()]; found {
		return document
	}
	if strings.HasSuffix(place.Path, "/keys") {
		return recordedAnswer{Status: http.StatusOK, Body: idTokenKeys()}
	}
	r.t.Errorf("asked for %s, which no recorded server has", &place)
	return recordedAnswer{Status: http.StatusNotFound}
}

// answerToken keeps the request and answers as the peer was answered; whoever asks
// more often than the peer gets the last answer again.
func (r *replay) answerToken(req *http.Request) recordedAnswer {
	form, err := formOf(req)
	if err != nil {
		r.t.Error(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, factsOf(req.Method, req.URL, pairsOf(req.Header), pairsOf(form)))
	if len(r.answers) == 0 {
		r.t.Error("sent a token request where the peer sent none")
		return recordedAnswer{Status: http.StatusNotFound}
	}
	answer := r.answers[min(len(r.sent), len(r.answers))-1]
	nonce := ""
	if form.Get("grant_type") == "authorization_code" {
		nonce = r.nonce
	}
	if answer.Body, err = withIDToken(answer.Body, r.issuerAt(req.URL.String()), nonce, r.clock.Now()); err != nil {
		r.t.Error(err)
	}
	return answer
}

func formOf(req *http.Request) (url.Values, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	return url.ParseQuery(string(body))
}

func pairsOf(values map[string][]string) []wirePair {
	var all []wirePair
	for name, list := range values {
		for _, value := range list {
			all = append(all, wirePair{name, value})
		}
	}
	return all
}

// issuerAt is the issuer in the document that has this token endpoint; "" without
// one, where the recorded ID tokens name the right one.
func (r *replay) issuerAt(endpoint string) string {
	for _, document := range r.documents {
		var metadata struct {
			Issuer        string `json:"issuer"`
			TokenEndpoint string `json:"token_endpoint"`
		}
		if err := json.Unmarshal(document.Body, &metadata); err != nil {
			r.t.Error(err)
		}
		if metadata.TokenEndpoint == endpoint {
			return metadata.Issuer
		}
	}
	return ""
}

// expectNonce has the next ID tokens carry the nonce of an authorization URL.
func (r *replay) expectNonce(nonce string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.nonce = nonce
}

func (r *replay) requests() []facts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sent
}
