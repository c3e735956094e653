package redirectloopback_test

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/seed57855a68/keyport/adapters/redirectloopback"
)

// stranger is a request that must be answered with this status, or with none, and
// must not end the sign-in. %HOST% and %PATH% stand for those of the redirect URI;
// %ANSWER% for the query of the good request, where only the shape is wrong; %LENGTH%
// for the length of the body.
type stranger struct {
	name   string
	status int // 0: any refusal, or no answer
	raw    string
}

const (
	formHeader = "Content-Type: application/x-www-form-urlencoded\r\n"
	foreign    = "code=foreign&state=foreign"
)

// plain is a request by GET with extra header lines.
func plain(target string, lines ...string) string {
	return "GET " + target + " HTTP/1.1\r\nHost: %HOST%\r\n" + strings.Join(append(lines, ""), "\r\n") + "\r\n"
}

// with is a request by a method with a body.
func with(method, target, header, body string) string {
	return method + " " + target + " HTTP/1.1\r\nHost: %HOST%\r\n" + header + "Content-Length: %LENGTH%\r\n\r\n" + body
}

func of(method string) string {
	return method + " %PATH%?%ANSWER% HTTP/1.1\r\nHost: %HOST%\r\n\r\n"
}

// strangers knock at loopback ports: browsers of their own accord, pages of other
// sites, scanners, programs that guess.
var strangers = []stranger{
	// Without the state, or with another one.
	{"no parameters", 400, plain("%PATH%")},
	{"an empty query", 400, plain("%PATH%?")},
	{"a code without a state", 400, plain("%PATH%?code=foreign")},
	{"an error without a state", 400, plain("%PATH%?error=access_denied&error_description=%3Cscript%3Ealert(1)%3C/script%3E")},
	{"an empty state", 400, plain("%PATH%?code=foreign&state=")},
	{"a wrong state", 400, plain("%PATH%?" + foreign)},
	{"a wrong state in a form", 400, with("POST", "%PATH%", formHeader, foreign)},
	{"a long wrong state", 400, plain("%PATH%?state=" + strings.Repeat("A", 8000))},
	{"a state of control characters", 400, plain("%PATH%?state=%00%0d%0aSet-Cookie:%20a=b")},
	{"a state of markup", 400, plain("%PATH%?state=" + url.QueryEscape(`"><script>alert(1)</script>`))},
	// With the state, in a shape that no server uses.
	{"a code twice", 400, plain("%PATH%?%ANSWER%&code=foreign")},
	{"a state twice", 400, plain("%PATH%?%ANSWER%&state=foreign")},
	{"an unknown parameter twice", 400, plain("%PATH%?%ANSWER%&x=1&x=2")},
	{"a form and a query", 400, with("POST", "%PATH%?code=foreign", formHeader, "%ANSWER%")},
	{"a query by POST", 400, with("POST", "%PATH%?%ANSWER%", formHeader, "")},
	{"a broken escape", 400, plain("%PATH%?%ANSWER%&x=%zz")},
	{"a semicolon between parameters", 400, plain("%PATH%?%ANSWER%;x=1")},
	{"a broken escape in a form", 400, with("POST", "%PATH%", formHeader, "%ANSWER%&x=%")},
	{"a form without a type", 415, with("POST", "%PATH%", "", "%ANSWER%")},
	{"a form that is called text", 415, with("POST", "%PATH%", "Content-Type: text/plain\r\n", "%ANSWER%")},
	{"a form in parts", 415, with("POST", "%PATH%", "Content-Type: multipart/form-data; boundary=b\r\n", "--b\r\n\r\n%ANSWER%\r\n--b--\r\n")},
	{"JSON", 415, with("POST", "%PATH%", "Content-Type: application/json\r\n", `{"state":"%ANSWER%"}`)},
	{"a type that is none", 415, with("POST", "%PATH%", "Content-Type: ;;;\r\n", "%ANSWER%")},
	{"a form of 65 KiB", 413, with("POST", "%PATH%", formHeader, "%ANSWER%&x="+strings.Repeat("A", redirectloopback.MaxBody))},
	{"a form in chunks without an end", 413, "POST %PATH% HTTP/1.1\r\nHost: %HOST%\r\nTransfer-Encoding: chunked\r\n" + formHeader + "\r\n" +
		strings.Repeat("ffff\r\n"+strings.Repeat("A", 0xffff)+"\r\n", 2)},
	{"a broken chunk", 400, "POST %PATH% HTTP/1.1\r\nHost: %HOST%\r\nTransfer-Encoding: chunked\r\n" + formHeader + "\r\nzz\r\n%ANSWER%"},
	// By other methods.
	{"HEAD", 405, of("HEAD")},
	{"OPTIONS", 405, of("OPTIONS")},
	{"OPTIONS of everything", 405, "OPTIONS * HTTP/1.1\r\nHost: %HOST%\r\n\r\n"},
	{"a CORS preflight", 405, "OPTIONS %PATH% HTTP/1.1\r\nHost: %HOST%\r\nOrigin: https://evil.example\r\n" +
		"Access-Control-Request-Method: GET\r\nAccess-Control-Request-Private-Network: true\r\n\r\n"},
	{"PUT", 405, of("PUT")},
	{"DELETE", 405, of("DELETE")},
	{"PATCH", 405, of("PATCH")},
	{"TRACE", 405, of("TRACE")},
	{"CONNECT", 0, "CONNECT evil.example:443 HTTP/1.1\r\nHost: %HOST%\r\n\r\n"},
	{"a method of its own", 405, of("get")},
	// At other paths.
	{"the icon", 404, plain("/favicon.ico")},
	{"the touch icon", 404, plain("/apple-touch-icon.png")},
	{"robots.txt", 404, plain("/robots.txt")},
	{"another path", 404, plain("/other?%ANSWER%")},
	{"a path below", 404, plain("%PATH%/x?%ANSWER%")},
	{"a path with two slashes", 404, plain("/%PATH%?%ANSWER%")},
	{"a path through another", 404, plain("%PATH%/../callback?%ANSWER%")},
	{"an escaped path", 404, plain("/call%62ack?%ANSWER%")},
	{"a path in capitals", 404, plain("/CALLBACK?%ANSWER%")},
	// Under other hosts: DNS rebinding, proxies.
	{"another host", 421, "GET %PATH%?%ANSWER% HTTP/1.1\r\nHost: evil.example\r\n\r\n"},
	{"the host with another port", 421, "GET %PATH%?%ANSWER% HTTP/1.1\r\nHost: localhost:1\r\n\r\n"},
	{"the host without the port", 421, "GET %PATH%?%ANSWER% HTTP/1.1\r\nHost: localhost\r\n\r\n"},
	{"the host and a dot", 421, "GET %PATH%?%ANSWER% HTTP/1.1\r\nHost: %HOST%.\r\n\r\n"},
	{"an empty host", 421, "GET %PATH%?%ANSWER% HTTP/1.1\r\nHost:\r\n\r\n"},
	{"no host", 400, "GET %PATH%?%ANSWER% HTTP/1.1\r\n\r\n"},
	{"no host in HTTP/1.0", 421, "GET %PATH%?%ANSWER% HTTP/1.0\r\n\r\n"},
	{"two hosts", 400, "GET %PATH%?%ANSWER% HTTP/1.1\r\nHost: %HOST%\r\nHost: evil.example\r\n\r\n"},
	{"a whole URL", 421, "GET http://%HOST%%PATH%?%ANSWER% HTTP/1.1\r\nHost: %HOST%\r\n\r\n"},
	{"a URL of another host", 421, "GET http://evil.example%PATH%?%ANSWER% HTTP/1.1\r\nHost: %HOST%\r\n\r\n"},
	// Not as a page that the user goes to.
	{"a prefetch", 403, plain("%PATH%?%ANSWER%", "Sec-Purpose: prefetch")},
	{"a prerender", 403, plain("%PATH%?%ANSWER%", "Sec-Purpose: prefetch;prerender")},
	{"a prefetch of an older browser", 403, plain("%PATH%?%ANSWER%", "Purpose: prefetch")},
	{"a preview", 403, plain("%PATH%?%ANSWER%", "X-Purpose: preview")},
	{"an image", 403, plain("%PATH%?%ANSWER%", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image")},
	{"a script's request", 403, plain("%PATH%?%ANSWER%", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty", "Origin: https://evil.example")},
	{"a frame", 403, plain("%PATH%?%ANSWER%", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe")},
	{"an Origin by GET", 403, plain("%PATH%?%ANSWER%", "Origin: https://evil.example")},
	// Not HTTP/1.1.
	{"nothing", 0, ""},
	{"an empty line", 0, "\r\n\r\n"},
	{"garbage", 400, "\x00\x01\x02\xff\xfe garbage\r\n\r\n"},
	{"one long line", 0, strings.Repeat("A", redirectloopback.MaxHeader+8192)},
	{"HTTP/0.9", 400, "GET %PATH%?%ANSWER%\r\n"},
	{"HTTP/3.0", 0, "GET %PATH%?%ANSWER% HTTP/3.0\r\nHost: %HOST%\r\n\r\n"},
	{"the preface of HTTP/2", 0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
	{"an upgrade to HTTP/2", 400, plain("%PATH%?"+foreign, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")},
	{"a WebSocket", 400, plain("%PATH%?"+foreign, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA==")},
	{"TLS", 400, "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03\r\n\r\n"},
	{"SMB", 0, "\x00\x00\x00\x54\xffSMB\x72\x00\x00\x00\x00\r\n\r\n"},
	{"a header without an end", 431, "GET %PATH%?%ANSWER% HTTP/1.1\r\nHost: %HOST%\r\n" + strings.Repeat("X-Header: "+strings.Repeat("A", 1000)+"\r\n", 80)},
	{"a broken header", 400, plain("%PATH%?%ANSWER%", "Broken header")},
	{"two lengths", 400, "POST %PATH% HTTP/1.1\r\nHost: %HOST%\r\n" + formHeader + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n%ANSWER%"},
	{"a negative length", 400, "POST %PATH% HTTP/1.1\r\nHost: %HOST%\r\n" + formHeader + "Content-Length: -1\r\n\r\n%ANSWER%"},
	{"a length and chunks", 0, "POST %PATH% HTTP/1.1\r\nHost: %HOST%\r\n" + formHeader + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nz"},
	{"an unknown transfer coding", 501, "POST %PATH% HTTP/1.1\r\nHost: %HOST%\r\n" + formHeader + "Transfer-Encoding: gzip\r\n\r\n"},
	{"an unknown expectation", 417, "POST %PATH% HTTP/1.1\r\nHost: %HOST%\r\n" + formHeader + "Expect: tea\r\nContent-Length: 0\r\n\r\n"},
	// Cut off.
	{"half a line", 0, "GET %PA"},
	{"half a header", 0, "GET %PATH%?%ANSWER% HTTP/1.1\r\nHost: %HO"},
	{"half a form", 400, "POST %PATH% HTTP/1.1\r\nHost: %HOST%\r\n" + formHeader + "Content-Length: 1000\r\n\r\n%ANSWER%"},
	{"a form that is announced only", 400, "POST %PATH% HTTP/1.1\r\nHost: %HOST%\r\n" + formHeader + "Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n"},
}

// bytes is what goes over the wire.
func (s stranger) bytes(host, path, answer string) []byte {
	text := strings.NewReplacer("%HOST%", host, "%PATH%", path, "%ANSWER%", answer).Replace(s.raw)
	_, body, _ := strings.Cut(text, "\r\n\r\n")
	return []byte(strings.Replace(text, "%LENGTH%", strconv.Itoa(len(body)), 1))
}
