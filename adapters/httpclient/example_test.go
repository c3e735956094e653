package httpclient_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/seed57855a68/keyport/adapters/httpclient"
)

// A server whose certificate comes from a company's own authority.
func Example_customCA() {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello")
	}))
	defer server.Close()
	dir, err := os.MkdirTemp("", "ca")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "corp-root.pem")
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, root, 0o600); err != nil {
		fmt.Println(err)
		return
	}

	client, err := httpclient.New(httpclient.Options{RootCAFile: file})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := client.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body), err)
	// Output: 200 hello <nil>
}

// One proxy for all requests. A mistake is found before the first request, and the
// error does not repeat the password.
func ExampleProxyURL() {
	proxy, err := httpclient.ProxyURL("http://user:p%40ss@proxy.example:3128")
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := httpclient.New(httpclient.Options{Proxy: proxy})
	fmt.Println(client != nil, err)

	_, err = httpclient.ProxyURL("user:p@ss@proxy.example")
	fmt.Println(err)
	// Output:
	// true <nil>
	// invalid Options.Proxy: gives no usable proxy URL; use the form "http://proxy.example:3128", with special characters of a password percent-encoded
}
