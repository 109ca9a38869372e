-- Rows as the legacy application left them in public and in schema agency: some fit, some have what the new schema does not allow.
insert into users (id, name, email, password, role, email_verified, created_at) values
    ('u1', 'Ana', 'ana@example.com', 'bcrypt1', 'admin', '2023-01-02 03:04:05', '2023-01-01'),
    ('u2', 'Ben', 'ben@example.com', null, null, null, null),
    ('u3', 'Ana again', 'Ana@Example.com', 'bcrypt3', 'client', null, '2023-06-01');
insert into user_tenant select u.id, t.id from users u, tenants t where u.id in ('u1', 'u2');

set search_path = agency;
insert into service_types (id, name, description, base_price, features, timeline, popular, is_active, created_at) values
    (1, 'Landing Page', 'One page', 15000, '["Fast","Pretty"]', '1-2 weeks', true, true, '2023-05-06 07:08:09'),
    (2, 'Business Website', null, 35000, 'one, two', null, null, null, null),
    (3, 'Ask us', 'A price on request', 0, '', null, false, true, '2023-05-06 07:08:09');
select setval('service_types_id_seq', 3);

insert into questions (id, service_id, question_key, label, type, is_required, placeholder) values
    (1, 1, 'colours', 'Which colours?', 'checkbox', true, 'Some'),
    (2, 1, 'style', 'Which style?', 'Dropdown', null, null),
    (3, 1, 'style', 'Which style, again?', 'radio', false, null),
    (4, 2, 'style', 'Style of the site', 'Textarea', true, null),
    (5, 2, 'style', 'Style of the text', 'colour-picker', false, null),
    (6, 2, 'style', 'Style of the pictures', 'text', false, null);
select setval('questions_id_seq', 6);
insert into question_options (question_id, option_value, sort_order) values
    (1, 'Red', 1), (1, 'Green', 2), (1, 'Blue', 3), (1, 'Red', 4), (2, 'Modern', 1), (2, 'Minimal', null), (3, 'Modern', 0), (3, 'Bold', 0);

insert into projects (id, user_id, service_type_id, name, service, description, client_name, client_email, price, payment_status, deposit_amount, status, prd) values
    (1, 'u1', 1, 'One', 'Landing Page', 'A page for our launch', 'Ana', 'ana@example.com', 15000, 'partially_paid', 7500, 'In Progress', '# Plan'),
    (2, 'u2', null, 'Two', ' landing page', 'Another', 'Ben', 'ben@example.com', 15000, 'paid', 5000, 'completed', null),
    (3, 'u2', null, 'Three', 'Logo design', null, 'Ben', 'ben@example.com', 4999, null, 0, null, null),
    (4, 'u2', null, 'Four', 'logo Design', 'Free of charge', 'Ben', 'ben@example.com', 0, 'pending', null, 'pending', null),
    (5, 'u2', null, 'Five', '', 'No name', 'Ben', 'ben@example.com', -100, 'pending', 0, 'on-hold', null),
    (6, 'u1', 2, 'Six', 'Business Website', 'Too much deposit', 'Ana', 'ana@example.com', 35000, 'pending', 99999, 'archived', null);
select setval('projects_id_seq', 6);

insert into tasks (id, project_id, title, description, section, priority, status, estimated_hours, dependencies, "order") values
    (1, 1, 'A', 'a', 'Design', 'High', 'completed', 0, null, 1),
    (2, 1, 'B', 'b', 'Frontend', 'urgent', 'pending', 8, '[1]', 2),
    (3, 1, 'C', 'c', 'Frontend', 'medium', null, 500, 'see task 1', 2),
    (4, 6, 'D', 'd', 'Backend', 'low', 'pending', 4, '', 7);
select setval('tasks_id_seq', 4);

insert into payments (id, project_id, user_id, amount, payment_method, payment_intent_id, status, metadata) values
    (1, 1, 'u1', 750000, 'card', 'pi_1', 'succeeded', '{"a":1}'),
    (2, 2, 'u2', 0, 'bank transfer', '', 'paid', 'not json');
select setval('payments_id_seq', 2);
