package keyport_test

import (
	"net/http"
	"time"

	"github.com/seed57855a68/keyport"
)

const refused = `{"error":"invalid_client","error_description":"` + faultToken + `"}`

var statusFaults = []fault{
	{what: "100, then 200", set: says("HTTP/1.1 100 Continue", "", wholeAnswer), get: aToken, connections: 1, sent: 1},
	{what: "103, then 200", set: func(w *wire) {
		w.answer = func(rw http.ResponseWriter, r *http.Request) {
			rw.WriteHeader(http.StatusEarlyHints)
			well(rw, r)
		}
	}, get: aToken, connections: 1, sent: 1},
	{what: "101", set: says("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", "", ""), get: badAnswer, connections: 1, sent: 1},
	{what: "103 without an end", set: over("http/1.1", endless103), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "HTTP/1.0", set: says("HTTP/1.0 200 OK", "", goodAnswer), get: aToken, connections: 1, sent: 1},
	{what: "201 with a token", set: answers(http.StatusCreated, goodAnswer), get: aToken, connections: 1, sent: 1},
	{what: "204", set: answers(http.StatusNoContent, ""), get: badAnswer, connections: 1, sent: 1},
	{what: "400 with an error code", set: answers(http.StatusBadRequest, `{"error":"invalid_scope","error_description":"`+faultToken+`"}`), get: refusal, connections: 1, sent: 1, pause: time.Minute},
	{what: "400 with a token", set: answers(http.StatusBadRequest, goodAnswer), get: badAnswer, connections: 1, sent: 1, pause: time.Minute},
	{what: "401 with an error code and a challenge", set: answers(http.StatusUnauthorized, refused, "WWW-Authenticate", `Basic realm="`+faultToken+`"`), get: refusal, is: keyport.ErrInvalidClient, connections: 1, sent: 1, pause: 5 * time.Second},
	{what: "401 with challenges alone", set: answers(http.StatusUnauthorized, "", "WWW-Authenticate", "Negotiate", "WWW-Authenticate", `Basic realm="`+faultToken+`"`), get: badAnswer, connections: 1, sent: 1},
	{what: "403 with a page", set: answers(http.StatusForbidden, "<html>"+faultToken), get: badAnswer, connections: 1, sent: 1},
	{what: "404", set: answers(http.StatusNotFound, ""), get: badAnswer, connections: 1, sent: 1},
	{what: "407 of the server, without a proxy", set: answers(http.StatusProxyAuthRequired, ""), get: badAnswer, connections: 1, sent: 1},
	{what: "408", set: answers(http.StatusRequestTimeout, ""), get: badAnswer, connections: 1, sent: 1},
	{what: "500 with a page", set: answers(http.StatusInternalServerError, "<html>"+faultToken), get: badAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "500 with an error code", set: answers(http.StatusInternalServerError, `{"error":"server_error","error_description":"`+faultToken+`"}`), get: refusal, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "500 with a token", set: answers(http.StatusInternalServerError, goodAnswer), get: badAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "502", set: answers(http.StatusBadGateway, ""), get: badAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "504", set: answers(http.StatusGatewayTimeout, ""), get: badAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "999", set: answers(999, goodAnswer), get: badAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
}

func endless103(w *wire) {
	w.answer = func(rw http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			rw.WriteHeader(http.StatusEarlyHints)
		}
	}
}

const samePlace = "https://" + faultyHost + "/elsewhere?code=" + faultToken

var redirectFaults = []fault{
	redirected("301 to the same host", 301, samePlace),
	redirected("302 to the same host", 302, samePlace),
	redirected("303 to the same host", 303, samePlace),
	redirected("307 to the same host", 307, samePlace),
	redirected("308 to the same host", 308, samePlace),
	redirected("301 to another host", 301, "https://evil.example/token"),
	redirected("302 to another host", 302, "https://evil.example/token"),
	redirected("303 to another host", 303, "https://evil.example/token"),
	redirected("307 to another host", 307, "https://evil.example/token"),
	redirected("308 to another host", 308, "https://evil.example/token"),
	redirected("301 to http", 301, "http://"+faultyHost+"/token"),
	redirected("302 to http", 302, "http://"+faultyHost+"/token"),
	redirected("303 to http", 303, "http://"+faultyHost+"/token"),
	redirected("307 to http", 307, "http://"+faultyHost+"/token"),
	redirected("308 to http", 308, "http://"+faultyHost+"/token"),
	redirected("302 to a place that is no URL", 302, "https://"+faultToken+"%zz/"),
	redirected("302 to nowhere", 302, ""),
	redirected("300 with a token", 300, samePlace),
	redirected("304", 304, ""),
}

// redirected is never followed, and its place is not named.
func redirected(what string, status int, to string) fault {
	answer := goodAnswer
	if status == http.StatusNotModified {
		answer = ""
	}
	return fault{
		what: what, set: answers(status, answer, "Location", to), get: badAnswer, is: keyport.ErrRedirectRefused, connections: 1, sent: 1,
	}
}

const (
	dated   = "Sat, 01 Jan 2000 07:00:00 GMT" // the clock of the server, which is seven hours ahead
	minutes = "Sat, 01 Jan 2000 07:02:00 GMT"
	century = "Fri, 01 Jan 2100 00:00:00 GMT"
	passed  = "Sat, 01 Jan 2000 06:00:00 GMT"
)

var retryAfterFaults = []fault{
	throttled("429 alone", 429, time.Minute),
	throttled("429, Retry-After: 3", 429, 3*time.Second, "3").again(3 * time.Second),
	throttled("429, Retry-After: 120", 429, 2*time.Minute, "120"),
	throttled("429, Retry-After: a date in two minutes", 429, 2*time.Minute, minutes),
	throttled("429, Retry-After: a date that has passed", 429, time.Second, passed).again(0),
	throttled("429, Retry-After: a date in a hundred years", 429, time.Hour, century),
	throttled("429, Retry-After: 0", 429, time.Second, "0").again(0),
	throttled("429, Retry-After: -5", 429, time.Minute, "-5"),
	throttled("429, Retry-After: 99999999999999999999", 429, time.Hour, "99999999999999999999"),
	throttled("429, Retry-After: 90.5", 429, 91*time.Second, "90.5"),
	throttled("429, Retry-After: 1e3", 429, time.Minute, "1e3"),
	throttled("429, Retry-After: soon", 429, time.Minute, "soon"),
	throttled("429, Retry-After: 1 and another one: 120", 429, 2*time.Minute, "1", "120"),
	throttled("429, Retry-After: 120 and another one: 1", 429, 2*time.Minute, "120", "1"),
	throttled("503 alone", 503, 0),
	throttled("503, Retry-After: 3", 503, 3*time.Second, "3").again(3 * time.Second),
	throttled("503, Retry-After: 120", 503, 2*time.Minute, "120"),
	throttled("503, Retry-After: a date in two minutes", 503, 2*time.Minute, minutes),
	throttled("503, Retry-After: a date that has passed", 503, time.Second, passed).again(0),
	throttled("503, Retry-After: a date in a hundred years", 503, time.Hour, century),
	throttled("503, Retry-After: 0", 503, time.Second, "0").again(0),
	throttled("503, Retry-After: -5", 503, 0, "-5"),
	throttled("503, Retry-After: 99999999999999999999", 503, time.Hour, "99999999999999999999"),
	throttled("503, Retry-After: 90.5", 503, 91*time.Second, "90.5"),
	throttled("503, Retry-After: 1e3", 503, 0, "1e3"),
	throttled("503, Retry-After: soon", 503, 0, "soon"),
	throttled("503, Retry-After: 1 and another one: 120", 503, 2*time.Minute, "1", "120"),
	throttled("503, Retry-After: 120 and another one: 1", 503, 2*time.Minute, "120", "1"),
}

// throttled is a server that wants a pause.
func throttled(what string, status int, pause time.Duration, after ...string) fault {
	header := []string{"Date", dated}
	for _, value := range after {
		header = append(header, "Retry-After", value)
	}
	is := keyport.ErrThrottled
	if status == http.StatusServiceUnavailable {
		is = keyport.ErrUnavailable
	}
	return fault{
		what: what, set: answers(status, "<html>"+faultToken, header...), get: badAnswer, is: is, connections: 1, sent: 1, pause: pause,
	}
}

// again is a pause that the call itself waits for, to ask once more.
func (f fault) again(wait time.Duration) fault {
	f.sent, f.took = 2, wait
	return f
}
