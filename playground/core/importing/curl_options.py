"""The options of curl: those with a value and those without, by their names."""

from typing import Final

VALUED_SHORT: Final = "EKCbcdDFPHmoUQreXYytzTuAwx"
PLAIN_SHORT: Final = "0123456aBfgGhIijJklLMnNOpqRsSvVZ#:"
_VALUED: Final = """
abstract-unix-socket alt-svc aws-sigv4 cacert capath cert cert-type ciphers config connect-timeout
connect-to continue-at cookie cookie-jar create-file-mode crlfile curves data data-ascii
data-binary data-raw data-urlencode delegation dns-interface dns-ipv4-addr dns-ipv6-addr
dns-servers doh-url dump-header egd-file engine etag-compare etag-save expect100-timeout form
form-string happy-eyeballs-timeout-ms haproxy-clientip header hostpubmd5 hostpubsha256 hsts
interface ip-tos json keepalive-cnt keepalive-time key key-type libcurl limit-rate local-port
login-options max-filesize max-redirs max-time netrc-file noproxy oauth2-bearer output output-dir
parallel-max pass pinnedpubkey preproxy proto proto-default proto-redir proxy proxy-cacert
proxy-capath proxy-cert proxy-cert-type proxy-ciphers proxy-crlfile proxy-header proxy-key
proxy-key-type proxy-pass proxy-pinnedpubkey proxy-service-name proxy-tls13-ciphers proxy-user
proxy1.0 pubkey quote random-file range rate referer request request-target resolve retry
retry-delay retry-max-time service-name socks4 socks4a socks5 socks5-gssapi-service
socks5-hostname speed-limit speed-time stderr tls-max tls13-ciphers tlsauthtype tlspassword
tlsuser trace trace-ascii trace-config unix-socket upload-file url url-query user user-agent
variable vlan-priority write-out
"""
_PLAIN: Final = """
anyauth basic ca-native cert-status compressed create-dirs digest disable fail fail-early
fail-with-body false-start get globoff head http0.9 http1.0 http1.1 http2 http2-prior-knowledge
http3 http3-only include insecure ipv4 ipv6 junk-session-cookies list-only location
location-trusted negotiate netrc netrc-optional next no-buffer no-clobber no-keepalive
no-progress-meter no-sessionid ntlm parallel parallel-immediate path-as-is post301 post302 post303
progress-bar proxytunnel raw remote-header-name remote-name remote-name-all remote-time
retry-all-errors retry-connrefused show-error show-headers silent ssl ssl-reqd sslv2 sslv3
styled-output tcp-fastopen tcp-nodelay tls-earlydata tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3
tr-encoding trace-ids trace-time verbose
"""
VALUED: Final = frozenset(_VALUED.split())
PLAIN: Final = frozenset(_PLAIN.split())
