package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/seed57855a68/keyport"
)

// Client reads reports from an API that wants a token.
type Client struct {
	Tokens keyport.TokenSource
	HTTP   *http.Client
	URL    string
}

// ErrLater says that the report cannot be had at the moment.
var ErrLater = errors.New("the report is not available at the moment")

// Latest returns the newest report. When the API refuses the token, it asks once
// for a new one, with the challenge that the API sent.
func (c *Client) Latest(ctx context.Context) (string, error) {
	request := keyport.TokenRequest{Scopes: []string{"api://reports/.default"}}
	for range 2 {
		token, err := c.Tokens.Token(ctx, request)
		if errors.Is(err, keyport.ErrUnavailable) {
			return "", ErrLater
		}
		if err != nil {
			return "", fmt.Errorf("latest report: %w", err)
		}
		text, challenge, err := c.get(ctx, token)
		if err != nil || challenge == "" {
			return text, err
		}
		request.ClaimsChallenge = challenge
	}
	return "", errors.New("latest report: the API refuses the new token too")
}

// get reads the report, or the challenge that comes in its place.
func (c *Client) get(ctx context.Context, token keyport.Result) (text, challenge string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, nil)
	if err != nil {
		return "", "", err
	}
	req.Header.Set("Authorization", token.AuthorizationHeader())
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusUnauthorized {
		return "", resp.Header.Get("X-Claims"), nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return string(body), "", err
}
