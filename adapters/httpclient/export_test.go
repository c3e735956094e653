package httpclient

// Inner parts that tests look at from outside.
var (
	RealTime         = realTime{}
	ProxyPolicy      = proxyPolicy
	EnvironmentProxy = environmentProxy
	Pin              = pin
)
