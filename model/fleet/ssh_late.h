/* libssh, loaded when the first engine of a fleet is made or a hub is reached (model/base/late.h).
 * In place of its headers; for model/fleet and model/sync. */
#ifndef ATRIUM_FLEET_SSH_LATE_H
#define ATRIUM_FLEET_SSH_LATE_H

#include "model/base/late.h"

#include <libssh/libssh.h>

#include <libssh/callbacks.h>
#include <libssh/server.h>

/* What the module calls. A new function is added here and below. */
#define SSH_FUNCTIONS(F)                                                                           \
    F(ssh_channel_change_pty_size)                                                                 \
    F(ssh_channel_free)                                                                            \
    F(ssh_channel_is_closed)                                                                       \
    F(ssh_channel_is_eof)                                                                          \
    F(ssh_channel_new)                                                                             \
    F(ssh_channel_open_forward)                                                                    \
    F(ssh_channel_open_session)                                                                    \
    F(ssh_channel_poll)                                                                            \
    F(ssh_channel_read_nonblocking)                                                                \
    F(ssh_channel_request_exec)                                                                    \
    F(ssh_channel_request_pty_size)                                                                \
    F(ssh_channel_request_send_signal)                                                             \
    F(ssh_channel_request_shell)                                                                   \
    F(ssh_channel_send_eof)                                                                        \
    F(ssh_channel_window_size)                                                                     \
    F(ssh_channel_write)                                                                           \
    F(ssh_clean_pubkey_hash)                                                                       \
    F(ssh_connect)                                                                                 \
    F(ssh_execute_message_callbacks)                                                               \
    F(ssh_free)                                                                                    \
    F(ssh_get_error)                                                                               \
    F(ssh_get_fingerprint_hash)                                                                    \
    F(ssh_get_poll_flags)                                                                          \
    F(ssh_get_status)                                                                              \
    F(ssh_blocking_flush)                                                                          \
    F(ssh_get_publickey_hash)                                                                      \
    F(ssh_get_server_publickey)                                                                    \
    F(ssh_get_serverbanner)                                                                        \
    F(ssh_is_connected)                                                                            \
    F(ssh_key_free)                                                                                \
    F(ssh_key_type)                                                                                \
    F(ssh_key_type_from_name)                                                                      \
    F(ssh_key_type_to_char)                                                                        \
    F(ssh_new)                                                                                     \
    F(ssh_options_set)                                                                             \
    F(ssh_pki_copy_cert_to_privkey)                                                                \
    F(ssh_pki_export_privkey_file)                                                                 \
    F(ssh_pki_export_pubkey_base64)                                                                \
    F(ssh_pki_export_pubkey_file)                                                                  \
    F(ssh_pki_generate)                                                                            \
    F(ssh_pki_import_cert_file)                                                                    \
    F(ssh_pki_import_privkey_file)                                                                 \
    F(ssh_pki_import_pubkey_base64)                                                                \
    F(ssh_remove_channel_callbacks)                                                                \
    F(ssh_session_is_known_server)                                                                 \
    F(ssh_set_agent_socket)                                                                        \
    F(ssh_set_blocking)                                                                            \
    F(ssh_set_channel_callbacks)                                                                   \
    F(ssh_set_counters)                                                                            \
    F(ssh_silent_disconnect)                                                                       \
    F(ssh_string_free_char)                                                                        \
    F(ssh_userauth_agent)                                                                          \
    F(ssh_userauth_publickey)

struct ssh_functions {
    SSH_FUNCTIONS(LATE_MEMBER)
};
extern struct ssh_functions ssh_late;

/* Before any of them is called; on any thread, once or more. */
enum status ssh_load(struct error *err);

#define ssh_channel_change_pty_size ssh_late.ssh_channel_change_pty_size
#define ssh_channel_free ssh_late.ssh_channel_free
#define ssh_channel_is_closed ssh_late.ssh_channel_is_closed
#define ssh_channel_is_eof ssh_late.ssh_channel_is_eof
#define ssh_channel_new ssh_late.ssh_channel_new
#define ssh_channel_open_forward ssh_late.ssh_channel_open_forward
#define ssh_channel_open_session ssh_late.ssh_channel_open_session
#define ssh_channel_poll ssh_late.ssh_channel_poll
#define ssh_channel_read_nonblocking ssh_late.ssh_channel_read_nonblocking
#define ssh_channel_request_exec ssh_late.ssh_channel_request_exec
#define ssh_channel_request_pty_size ssh_late.ssh_channel_request_pty_size
#define ssh_channel_request_send_signal ssh_late.ssh_channel_request_send_signal
#define ssh_channel_request_shell ssh_late.ssh_channel_request_shell
#define ssh_channel_send_eof ssh_late.ssh_channel_send_eof
#define ssh_channel_window_size ssh_late.ssh_channel_window_size
#define ssh_channel_write ssh_late.ssh_channel_write
#define ssh_clean_pubkey_hash ssh_late.ssh_clean_pubkey_hash
#define ssh_connect ssh_late.ssh_connect
#define ssh_execute_message_callbacks ssh_late.ssh_execute_message_callbacks
#define ssh_free ssh_late.ssh_free
#define ssh_get_error ssh_late.ssh_get_error
#define ssh_get_fingerprint_hash ssh_late.ssh_get_fingerprint_hash
#define ssh_get_poll_flags ssh_late.ssh_get_poll_flags
#define ssh_get_status ssh_late.ssh_get_status
#define ssh_blocking_flush ssh_late.ssh_blocking_flush
#define ssh_get_publickey_hash ssh_late.ssh_get_publickey_hash
#define ssh_get_server_publickey ssh_late.ssh_get_server_publickey
#define ssh_get_serverbanner ssh_late.ssh_get_serverbanner
#define ssh_is_connected ssh_late.ssh_is_connected
#define ssh_key_free ssh_late.ssh_key_free
#define ssh_key_type ssh_late.ssh_key_type
#define ssh_key_type_from_name ssh_late.ssh_key_type_from_name
#define ssh_key_type_to_char ssh_late.ssh_key_type_to_char
#define ssh_new ssh_late.ssh_new
#define ssh_options_set ssh_late.ssh_options_set
#define ssh_pki_copy_cert_to_privkey ssh_late.ssh_pki_copy_cert_to_privkey
#define ssh_pki_export_privkey_file ssh_late.ssh_pki_export_privkey_file
#define ssh_pki_export_pubkey_base64 ssh_late.ssh_pki_export_pubkey_base64
#define ssh_pki_export_pubkey_file ssh_late.ssh_pki_export_pubkey_file
#define ssh_pki_generate ssh_late.ssh_pki_generate
#define ssh_pki_import_cert_file ssh_late.ssh_pki_import_cert_file
#define ssh_pki_import_privkey_file ssh_late.ssh_pki_import_privkey_file
#define ssh_pki_import_pubkey_base64 ssh_late.ssh_pki_import_pubkey_base64
#define ssh_remove_channel_callbacks ssh_late.ssh_remove_channel_callbacks
#define ssh_session_is_known_server ssh_late.ssh_session_is_known_server
#define ssh_set_agent_socket ssh_late.ssh_set_agent_socket
#define ssh_set_blocking ssh_late.ssh_set_blocking
#define ssh_set_channel_callbacks ssh_late.ssh_set_channel_callbacks
#define ssh_set_counters ssh_late.ssh_set_counters
#define ssh_silent_disconnect ssh_late.ssh_silent_disconnect
#define ssh_string_free_char ssh_late.ssh_string_free_char
#define ssh_userauth_agent ssh_late.ssh_userauth_agent
#define ssh_userauth_publickey ssh_late.ssh_userauth_publickey

#endif
