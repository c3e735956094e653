//go:build e2e

package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"

	"github.com/seed57855a68/keyport/ports"
)

// spyClient sees the refresh tokens that come in.
type spyClient struct {
	ports.HTTPClient
	refreshToken string // the last one
}

func (s *spyClient) Do(r *http.Request) (*http.Response, error) {
	response, err := s.HTTPClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		RefreshToken string `json:"refresh_token"`
	}
	if json.Unmarshal(text, &answer) == nil && answer.RefreshToken != "" {
		s.refreshToken = answer.RefreshToken
	}
	response.Body = io.NopCloser(bytes.NewReader(text))
	return response, nil
}

// bodyOf reads the form of a request and leaves it there.
func bodyOf(r *http.Request) (url.Values, error) {
	if r.Body == nil {
		return url.Values{}, nil
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	return url.ParseQuery(string(text))
}
