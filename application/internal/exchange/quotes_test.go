package exchange_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/application/internal/exchange"
)

// TestErrorsDoNotQuoteThePeer: a line that is not HTTP may be a body, with a token.
func TestErrorsDoNotQuoteThePeer(t *testing.T) {
	for _, head := range []string{
		canary,
		`{"access_token":"` + canary + `"}`,
		"HTTP/1.1 " + canary + " OK\r\n\r\n",
		"HTTP/" + canary + " 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\n" + canary + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\n " + canary + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nA: b\r\n{\"" + canary + "\"}\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: " + canary + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: " + canary + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + canary + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + canary + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + canary + "\r\n\r\n",
	} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			conn, buffer, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(buffer, head)
			_ = buffer.Flush()
			_ = conn.Close()
		})
		_, err := exchange.New(server.Client()).Do(operation, newPost(t, server.URL))
		if unanswered(t, err); strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %q", head, err)
		}
	}
}

func TestWhatIsNotPrintedIsStillFound(t *testing.T) {
	cause := fmt.Errorf("%w: %w: %q", io.ErrUnexpectedEOF, textproto.ProtocolError("x"), canary)
	_, err := exchange.New(client(func(*http.Request) (*http.Response, error) { return nil, cause })).Do(operation, newPost(t, address))
	var protocol textproto.ProtocolError
	if unanswered(t, err); !errors.Is(err, io.ErrUnexpectedEOF) || !errors.As(err, &protocol) {
		t.Errorf("got %v, which hides its causes", err)
	}
	if none := unanswered(t, err); none.Err.Error() != "unexpected EOF: x: …" {
		t.Errorf("got %q", none.Err)
	}
	unknown := fmt.Errorf("%q: %w", "Contoso Root", x509.UnknownAuthorityError{})
	_, err = exchange.New(client(func(*http.Request) (*http.Response, error) { return nil, unknown })).Do(operation, newPost(t, address))
	if !strings.Contains(err.Error(), "Contoso Root") {
		t.Errorf("got %v, want the name of the authority", err)
	}
}
