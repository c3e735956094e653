package domain

// b2cCodes are numbers of Azure AD B2C.
var b2cCodes = []ServerCode{
	// The client and its registration.
	{"AADB2C90006", ProblemRegistration, RetryAfterChange, ActorDeveloper, "the redirect URI is not registered for the client", "Register the redirect URI, letter for letter, in the B2C tenant."},
	{"AADB2C90007", ProblemRegistration, RetryAfterChange, ActorDeveloper, "the client has no registered redirect URI", "Register the redirect URI in the B2C tenant."},
	{"AADB2C90008", ProblemRequest, RetryAfterChange, ActorDeveloper, "the request has no client id", "Set ClientID, and let nothing between here and the server take parameters away."},
	{"AADB2C90011", ProblemRegistration, RetryAfterChange, ActorDeveloper, "the client id is not the one that the policy is for", "Set ClientID to the client of the policy, or correct the policy."},
	{"AADB2C90016", ProblemCredential, RetryAfterChange, ActorDeveloper, "the server takes client assertions of another type", "Use a client secret."},
	{"AADB2C90017", ProblemCredential, RetryAfterChange, ActorOperator, "the client assertion is not valid", "Compare the key with the registration and set this machine's clock, or use a client secret."},
	{"AADB2C90018", ProblemRegistration, RetryAfterChange, ActorDeveloper, "the client is not registered in this B2C tenant", "Check ClientID and the tenant in Authority."},
	{"AADB2C90057", ProblemRegistration, RetryAfterChange, ActorAdministrator, "the application is not allowed the implicit flow", "Use the authorization code flow, or allow the implicit flow in the registration."},
	{"AADB2C90058", ProblemRegistration, RetryAfterChange, ActorAdministrator, "the application is not allowed to be a public client", "Allow public client flows in the registration, or use a confidential client."},
	{"AADB2C90068", ProblemRegistration, RetryAfterChange, ActorDeveloper, "the application was not registered for B2C", "Register the application in the B2C tenant and use its client id."},
	{"AADB2C90079", ProblemCredential, RetryAfterChange, ActorDeveloper, "the client secret is missing", "Use a confidential client with its Credential."},
	{"AADB2C90081", ProblemCredential, RetryAfterChange, ActorOperator, "the client secret is wrong", "Pass the value of a current secret of this registration, not its id."},
	{"AADB2C90084", ProblemCredential, RetryAfterChange, ActorDeveloper, "a public client sends a secret", "Use a public client without Credential, or register the application as a web application."},
	{"AADB2C90092", ProblemRegistration, RetryAfterChange, ActorAdministrator, "the application is disabled in the tenant", "Have an administrator of the tenant enable the application."},
	{"AADB2C90224", ProblemRegistration, RetryAfterChange, ActorAdministrator, "the application is not allowed to sign users in with their password", "Allow public client flows in the registration, and use a user flow for resource owner passwords."},
	{"AADB2C90248", ProblemRegistration, RetryAfterChange, ActorAdministrator, "only applications registered for B2C may sign users in with their password", "Register the application in the B2C tenant and use its client id."},
	{"AADB2C90285", ProblemRegistration, RetryAfterChange, ActorDeveloper, "the application was not found", "Check ClientID and the tenant in Authority."},

	// Scopes and parameters.
	{"AADB2C90010", ProblemScope, RetryAfterChange, ActorDeveloper, "the request has no scope", "Set Scopes."},
	{"AADB2C90012", ProblemScope, RetryAfterChange, ActorDeveloper, "the scope is not served", "Compare Scopes with the scopes of the API, and grant them to the application in the B2C tenant."},
	{"AADB2C90013", ProblemRequest, RetryAfterChange, ActorDeveloper, "the response type is not served", "Use the authorization code flow."},
	{"AADB2C90014", ProblemRequest, RetryAfterChange, ActorDeveloper, "the response mode is not served", "Use ResponseModeQuery or ResponseModeFormPost."},
	{"AADB2C90043", ProblemRequest, RetryAfterChange, ActorDeveloper, "the server does not know the prompt", "Use one of the Prompt constants, or none."},
	{"AADB2C90055", ProblemScope, RetryAfterChange, ActorDeveloper, "the scope names no resource", "Pass the full name of the scope, with the application ID URI of the API in front."},
	{"AADB2C90083", ProblemRequest, RetryAfterChange, ActorDeveloper, "a required parameter is missing", readMessage},
	{"AADB2C90086", ProblemRequest, RetryNever, ActorDeveloper, "the user flow does not serve this grant", "Use a grant that B2C serves; an application's own token needs a policy or a set-up for client credentials."},
	{"AADB2C90107", ProblemScope, RetryAfterChange, ActorDeveloper, "no ID token can be issued without the scope openid, or to this application", `Leave "openid" in the scopes, and allow ID tokens in the registration.`},
	{"AADB2C90110", ProblemScope, RetryAfterChange, ActorDeveloper, "an ID token was asked for without the scope openid", `Leave "openid" in the scopes.`},
	{"AADB2C90115", ProblemScope, RetryAfterChange, ActorDeveloper, "the scopes name nothing that a code could be for", "Ask for the scopes of an API, or for the client id itself."},
	{"AADB2C90117", ProblemScope, RetryAfterChange, ActorDeveloper, "the scope is not served", "Compare Scopes with the scopes of the API, and grant them to the application in the B2C tenant."},
	{"AADB2C90120", ProblemRequest, RetryAfterChange, ActorDeveloper, "max_age is out of bounds", "Set MaxAge to what the server allows, or leave it out."},
	{"AADB2C90146", ProblemScope, RetryAfterChange, ActorDeveloper, "the scopes belong to several resources", "Ask for the scopes of one API at a time."},
	{"AADB2C90205", ProblemConsent, RetryAfterChange, ActorAdministrator, "the application has no permission for this API", "Add the API's permission to the registration and grant admin consent in the B2C tenant."},

	// Codes and refresh tokens.
	{"AADB2C90080", ProblemGrant, RetryAfterUser, ActorUser, "the code or refresh token has expired", signInAgain},
	{"AADB2C90085", ProblemServer, RetryAfterUser, ActorServer, "the server met an error of its own while it read the code or refresh token", signInAgain},
	{"AADB2C90087", ProblemGrant, RetryAfterUser, ActorDeveloper, "the code or refresh token is of another version of the endpoint", signInAgain},
	{"AADB2C90088", ProblemGrant, RetryAfterUser, ActorDeveloper, "the code or refresh token was issued by another user flow or endpoint", "Redeem it with the Authority, user flow included, that issued it; otherwise have the user sign in again."},
	{"AADB2C90128", ProblemAccount, RetryAfterUser, ActorUser, "the user's account no longer exists", "Remove the account from the cache and have the user sign in again."},
	{"AADB2C90129", ProblemGrant, RetryAfterUser, ActorUser, "the code or refresh token was revoked", signInAgain},
	{"AADB2C90182", ProblemGrant, RetryAfterUser, ActorDeveloper, "the code verifier does not belong to the code", "Complete a sign-in with the flow value that it began with."},
	{"AADB2C90183", ProblemRequest, RetryAfterChange, ActorDeveloper, "the code verifier is not valid for the code", "Begin a new sign-in, and complete it with the flow value that it began with; the code may be stolen."},
	{"AADB2C90184", ProblemRequest, RetryAfterChange, ActorDeveloper, "the code challenge method is not served", "Use S256."},
	{"AADB2C90279", ProblemGrant, RetryAfterUser, ActorDeveloper, "the code or refresh token was issued to another client", "Redeem it with the client that got it; otherwise have the user sign in to this one."},

	// The user.
	{"AADB2C90052", ProblemSignIn, RetryAfterUser, ActorUser, "the user name or the password is wrong", "Have the user try again."},
	{"AADB2C90053", ProblemAccount, RetryAfterUser, ActorUser, "there is no user of this name", "Have the user check the name, or sign up."},
	{"AADB2C90054", ProblemSignIn, RetryAfterUser, ActorUser, "the user name or the password is wrong", "Have the user try again."},
	{"AADB2C90077", ProblemSignIn, RetryAfterUser, ActorUser, "the user is not signed in at the server", "Start the sign-in without PromptNone."},
	{"AADB2C90091", ProblemDenied, RetryAfterUser, ActorUser, "the user cancelled the sign-in", "Show the sign-in link again; the user decides."},
	{"AADB2C90111", ProblemAccount, RetryAfterChange, ActorAdministrator, "the user's account is locked", "Have an administrator of the B2C tenant unlock the account."},
	{"AADB2C90114", ProblemAccount, RetryLater, ActorUser, "the user's account is locked for a while", "Have the user wait and try again."},
	{"AADB2C90118", ProblemSignIn, RetryAfterUser, ActorUser, "the user has forgotten the password", "Start a sign-in with the user flow for password resets as policy of the Authority, or use a flow with self-service reset."},
	{"AADB2C90151", ProblemSignIn, RetryAfterUser, ActorUser, "the user failed the second factor too often", "Have the user begin a new sign-in."},
	{"AADB2C90157", ProblemSignIn, RetryAfterUser, ActorUser, "the user failed a step of the user flow too often", "Have the user begin a new sign-in."},
	{"AADB2C90225", ProblemSignIn, RetryAfterUser, ActorUser, "the user name or the password is wrong", "Have the user try again."},

	// ID tokens that are passed as a hint.
	{"AADB2C90208", ProblemRequest, RetryAfterChange, ActorDeveloper, "the id_token_hint has expired", "Make a new one for each sign-in."},
	{"AADB2C90209", ProblemRequest, RetryAfterChange, ActorDeveloper, "the id_token_hint is for another audience", "Set its aud to what the policy expects."},
	{"AADB2C90210", ProblemRequest, RetryAfterChange, ActorDeveloper, "the id_token_hint could not be validated", "Compare its issuer, audience and key with the policy."},
	{"AADB2C90232", ProblemRequest, RetryAfterChange, ActorDeveloper, "the id_token_hint is of an issuer that the policy does not accept", "Set its iss to what the policy expects."},
	{"AADB2C90233", ProblemRequest, RetryAfterChange, ActorDeveloper, "the signature of the id_token_hint is wrong", "Sign it with the key that the policy knows."},
	{"AADB2C90272", ProblemRequest, RetryAfterChange, ActorDeveloper, "the user flow wants an id_token_hint", "Add id_token_hint to the extra parameters of the sign-in."},

	// The server, and those that it depends on.
	{"AADB2C90035", ProblemServer, RetryLater, ActorServer, "the service is unavailable for a while", tryLater},
	{"AADB2C90048", ProblemServer, RetryLater, ActorServer, "the server met an error of its own", "Wait a little and try again; a custom policy that fails always has its reason in its own log."},
	{"AADB2C90075", ProblemServer, RetryLater, ActorAdministrator, "a web service that the user flow calls answered with an error", "Have the owner of the user flow look at the web service that it calls."},
	{"AADB2C90243", ProblemTenant, RetryAfterChange, ActorAdministrator, "the user flow's key for another identity provider is wrong", "Have the secret of that identity provider renewed in the B2C tenant."},
	{"AADB2C90244", ProblemThrottled, RetryLater, ActorDeveloper, "there are too many requests", "Wait, and let requests for the same token share one client and its cache."},
	{"AADB2C90261", ProblemServer, RetryLater, ActorAdministrator, "a web service that the user flow calls gave an answer that cannot be read", "Have the owner of the user flow look at the web service that it calls."},
	{"AADB2C90289", ProblemServer, RetryLater, ActorServer, "the server could not reach another identity provider", tryLater},
}
