const UNTRUSTED = "its certificate's authority has to be named (--ca-file, --ca-path)";
const UNKNOWN_TO_IT = 'it wants a certificate of ours that it knows the authority of (--client-cert, --client-key)';
const NO_TLS = 'it does not speak TLS, so its address wants http://';

/** What to do about it, by OpenSSL's and Node's error codes. */
const ADVICE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID: 'a name that is in its certificate has to be given (--tls-server-name)',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: UNKNOWN_TO_IT,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: UNKNOWN_TO_IT,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: UNKNOWN_TO_IT,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
};

/** Why there is no connection, and what to do about it where that can be told. */
export function connectionFailure(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const reason = reasonOf(error) || code || error.name;
  const advice = ADVICE[code];
  return advice === undefined ? reason : `${reason}; ${advice}`;
}

/** OpenSSL's messages name its source files and lines; the reason alone is meant for people. */
function reasonOf(error: Error): string {
  return 'reason' in error && typeof error.reason === 'string' && error.reason !== '' ? error.reason : error.message;
}
