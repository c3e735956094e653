package domain

// What many codes have in common.
const (
	signInAgain   = "Have the user sign in again."
	signInAfresh  = "Start an interactive sign-in for the same scopes."
	tryLater      = "Wait a little and send the same request again."
	signInShown   = "Start an interactive sign-in for the same scopes, without PromptNone."
	askForConsent = "Have the user sign in interactively, without PromptNone, and consent, or have an administrator grant the permission to the application."
	askAdmin      = "Ask an administrator of the tenant, and give the ids of this error: the sign-in log there names the policy."
	readMessage   = "Read the description in the error, which names the parameter, and correct the request."
	restartFlow   = "Begin a new sign-in; a code serves once and for a few minutes."
)

// oauthCodes are the error codes of the standards that this library speaks.
var oauthCodes = []ServerCode{
	// RFC 6749 §4.1.2.1 and §5.2: the core.
	{"invalid_request", ProblemRequest, RetryAfterChange, ActorDeveloper, "the server finds a parameter missing, repeated or malformed", readMessage},
	{"invalid_client", ProblemCredential, RetryAfterChange, ActorOperator, "the server does not accept the client id or its credential", "Compare ClientID and Credential with the client's registration."},
	{"invalid_grant", ProblemGrant, RetryAfterUser, ActorUser, "the code, assertion or refresh token is not valid, has ended or was revoked", signInAgain},
	{"unauthorized_client", ProblemRegistration, RetryAfterChange, ActorAdministrator, "the client's registration does not allow this grant", "Allow the grant in the client's registration, or use one that is allowed."},
	{"unsupported_grant_type", ProblemRequest, RetryNever, ActorDeveloper, "the server does not offer this flow", "Use a flow that the server's metadata lists."},
	{"unsupported_response_type", ProblemRequest, RetryAfterChange, ActorDeveloper, "the server does not offer this response type", "Use the authorization code flow, or allow the response type in the registration."},
	{"invalid_scope", ProblemScope, RetryAfterChange, ActorDeveloper, "a scope is unknown to the server or not allowed for this client", "Compare Scopes with those that the resource publishes and the registration allows."},
	{"access_denied", ProblemDenied, RetryAfterUser, ActorUser, "the user declined, or a policy forbids it", "Sign in again when the user wants to accept, or ask an administrator."},
	{"server_error", ProblemServer, RetryLater, ActorServer, "the server met a condition that it did not expect", tryLater},
	{"temporarily_unavailable", ProblemServer, RetryLater, ActorServer, "the server is overloaded or in maintenance", tryLater},

	// OpenID Connect Core §3.1.2.6, and RP-initiated registration.
	{"interaction_required", ProblemSignIn, RetryAfterUser, ActorUser, "the server has to show the user something", signInShown},
	{"login_required", ProblemSignIn, RetryAfterUser, ActorUser, "the user is not signed in at the server", "Start the sign-in without PromptNone."},
	{"account_selection_required", ProblemSignIn, RetryAfterUser, ActorUser, "the user has to choose one of several accounts", "Start the sign-in with PromptSelectAccount, or with a login hint."},
	{"consent_required", ProblemConsent, RetryAfterUser, ActorUser, "nobody has consented to what the application asks for", askForConsent},
	{"invalid_request_uri", ProblemRequest, RetryAfterChange, ActorDeveloper, "the server cannot use the request_uri", "Leave request_uri out of the extra parameters, or push the request again: such an address ends soon."},
	{"invalid_request_object", ProblemRequest, RetryAfterChange, ActorDeveloper, "the server cannot use the request object", "Check the signature, the audience and the life of the request object."},
	{"request_not_supported", ProblemRequest, RetryNever, ActorDeveloper, "the server takes no request objects", "Leave the request parameter out."},
	{"request_uri_not_supported", ProblemRequest, RetryNever, ActorDeveloper, "the server takes no request_uri", "Leave the request_uri parameter out."},
	{"registration_not_supported", ProblemRequest, RetryNever, ActorDeveloper, "the server takes no registration parameter", "Leave the registration parameter out."},
	{"unmet_authentication_requirements", ProblemSignIn, RetryAfterUser, ActorUser, "the user could not sign in as strongly as was asked for", "Have the user sign in with a stronger method, or ask for less in acr_values."},

	// RFC 6750 §3.1: what APIs say of access tokens.
	{"invalid_token", ProblemGrant, RetryLater, ActorDeveloper, "the resource does not accept the access token", "Take the token out of the cache with Invalidate and acquire a new one; when that is refused too, compare its audience with the resource."},
	{"insufficient_scope", ProblemScope, RetryAfterChange, ActorDeveloper, "the access token lacks a scope that the resource wants", "Acquire a token for the scopes that the resource names in its challenge."},
	{"insufficient_user_authentication", ProblemSignIn, RetryAfterUser, ActorUser, "the resource wants a stronger or more recent sign-in", "Start an interactive sign-in with the acr_values or max_age that the resource names."},
	{"insufficient_claims", ProblemSignIn, RetryAfterUser, ActorUser, "the resource wants claims that the access token has not", "Acquire a token with the claims challenge of the resource, and interactively when that is refused."},

	// RFC 8628 §3.5: sign-in on another device.
	{"authorization_pending", ProblemPending, RetryLater, ActorUser, "the user has not finished on the other device", "Poll again after the interval of the flow."},
	{"slow_down", ProblemPending, RetryLater, ActorDeveloper, "the program polls too often", "Poll five seconds less often from now on; AcquireTokenByDeviceFlow does so by itself."},
	{"expired_token", ProblemGrant, RetryAfterUser, ActorUser, "the code has expired before the user finished", "Begin a new device flow and show its code."},

	// RFC 7009 §2.2.1, RFC 8707 §2, RFC 9449 §5 and §8, RFC 9396 §5, RFC 9126.
	{"unsupported_token_type", ProblemRequest, RetryNever, ActorServer, "the server does not revoke tokens of this type", "Revoke the refresh token instead, or wait for the access token to end."},
	{"invalid_target", ProblemScope, RetryAfterChange, ActorDeveloper, "the server knows no such resource, or does not serve it to this client", "Correct the resource parameter, and have the client allowed to use the resource."},
	{"invalid_dpop_proof", ProblemRequest, RetryAfterChange, ActorOperator, "the server does not accept the DPoP proof", "Set this machine's clock, and check the key, the method and the URL that the proof names."},
	{"use_dpop_nonce", ProblemRequest, RetryLater, ActorDeveloper, "the server wants its own nonce in the DPoP proof", "Repeat the request with the nonce of the DPoP-Nonce header."},
	{"invalid_authorization_details", ProblemRequest, RetryAfterChange, ActorDeveloper, "the server does not take the authorization details", "Use only types and fields of authorization_details that the server publishes."},

	// RFC 7591 §3.2.2, which sign-ins meet as well.
	{"invalid_redirect_uri", ProblemRegistration, RetryAfterChange, ActorDeveloper, "the redirect URI is not one of the client's", "Register the redirect URI, letter for letter, or use one that is registered."},

	// What Microsoft's servers say besides.
	{"authorization_declined", ProblemDenied, RetryAfterUser, ActorUser, "the user said no on the other device", "Tell the user that access was not granted; begin a new flow only when the user asks for it."},
	{"bad_verification_code", ProblemGrant, RetryAfterUser, ActorDeveloper, "the server does not know the device code", "Begin a new device flow, and send its device code as it came."},
	{"invalid_resource", ProblemScope, RetryAfterChange, ActorDeveloper, "the resource does not exist in the tenant, or may not be asked for", "Check the identifier in front of the scope and the tenant, and have the resource's application added to the tenant."},
	{"invalid_instance", ProblemTenant, RetryAfterChange, ActorDeveloper, "the host is not one of Microsoft's sign-in hosts", "Check its spelling; for a private cloud set KnownAuthorities or DisableInstanceDiscovery, for another provider OIDCAuthority."},
}

// subErrorCodes are the suberrors of Microsoft's servers: they say what is behind an
// invalid_grant or interaction_required.
var subErrorCodes = []ServerCode{
	{"bad_token", ProblemGrant, RetryAfterUser, ActorUser, "the refresh token will never serve again", signInAgain},
	{"token_expired", ProblemGrant, RetryAfterUser, ActorUser, "the refresh token has ended", signInAgain},
	{"client_mismatch", ProblemGrant, RetryAfterUser, ActorUser, "the refresh token belongs to another client", "Have the user sign in to this client once."},
	{"device_authentication_failed", ProblemPolicy, RetryAfterUser, ActorUser, "the device could not prove that it is registered", "Have the user sign in on a device that the organisation has registered; when it is, have its registration repaired."},
	{"protection_policy_required", ProblemPolicy, RetryAfterUser, ActorUser, "the organisation wants the application under its app protection policy", "Enrol the application with the organisation's device management, or use one that is enrolled."},
	{"basic_action", ProblemSignIn, RetryAfterUser, ActorUser, "the user can resolve it in a sign-in", signInAfresh},
	{"additional_action", ProblemSignIn, RetryAfterUser, ActorUser, "the user can resolve it, with a step outside the sign-in page", "Start an interactive sign-in and let the user follow what the page says, such as enrolling the device."},
	{"message_only", ProblemPolicy, RetryAfterChange, ActorAdministrator, "the user is shown why access is refused and cannot resolve it", "Start an interactive sign-in once so that the user sees the reason, then ask an administrator of the tenant."},
	{"user_password_expired", ProblemAccount, RetryAfterUser, ActorUser, "the user's password has expired", "Have the user sign in interactively and change it."},
}
