-- What each service asks, in the order of the lines. Written over by service and key; options keep the order given here.
create temp table asked on commit drop as
select row_number() over () * 10 as place, a.*
  from (values
    -- Landing Page
    ('Landing Page', 'page_type', 'select', true, 'What is the page for?', null, null,
     '{Product Launch,Lead Generation,Event Registration,App Download,Service Offer}'::text[]),
    ('Landing Page', 'event_details', 'text', true, 'Which event is it, and when does it happen?', 'Example: Kape Fest 2027, 20–21 February, Iloilo Convention Center',
     '{"questionKey":"page_type","equals":"Event Registration"}', null),
    ('Landing Page', 'call_to_action', 'text', true, 'What is the one thing a visitor should do?', 'Example: leave an e-mail address to get the price list', null, null),
    ('Landing Page', 'target_audience', 'textarea', true, 'Who is it for, and what do they worry about before they say yes?',
     'Example: parents in Metro Manila looking for weekend art classes; they want to know about safety, schedule and cost', null, null),
    ('Landing Page', 'design_style', 'select', true, 'Which style is closest to your brand?', null, null,
     '{Modern,Minimal,Bold & Colorful,Elegant,Playful}'),
    ('Landing Page', 'required_sections', 'checkbox', true, 'Which sections should the page have?', null, null,
     '{Hero Section,Features,How It Works,Pricing,Testimonials,FAQ,Contact Form}'),
    ('Landing Page', 'content_ready', 'radio', true, 'Do you have the text and pictures?', null, null,
     '{"Yes, both are ready",Only some of them,"No, please write and find them"}'),
    ('Landing Page', 'content_link', 'text', false, 'Where can we find them?', 'A link to Google Drive, Dropbox or your page',
     '{"questionKey":"content_ready","in":["Yes, both are ready","Only some of them"]}', null),
    ('Landing Page', 'expected_visitors', 'number', false, 'About how many visitors do you expect in a month?', 'Example: 5000', null, null),

    -- Business Website
    ('Business Website', 'business_about', 'textarea', true, 'What does your business do, and for whom?',
     'Example: a family dental clinic in Davao; most patients are young families who find us on Facebook', null, null),
    ('Business Website', 'current_site', 'radio', true, 'Do you have a website now?', null, null,
     '{"No, this is the first","Yes, and it will be replaced",Only a Facebook page}'),
    ('Business Website', 'current_site_url', 'text', true, 'What is its address?', 'https://',
     '{"questionKey":"current_site","in":["Yes, and it will be replaced","Only a Facebook page"]}', null),
    ('Business Website', 'site_goals', 'checkbox', true, 'What should the site do for you?', null, null,
     '{Bring calls and messages,Take bookings,Show our work,Explain our services,Help people find us,Attract job applicants}'),
    ('Business Website', 'booking_tool', 'select', false, 'How do you take bookings today?', null,
     '{"questionKey":"site_goals","equals":"Take bookings"}', '{Phone and text,Facebook Messenger,A paper calendar,Google Calendar,A booking system,Not yet}'),
    ('Business Website', 'page_count', 'number', true, 'How many pages do you think you need? (Up to 8 are included.)', 'Example: 6', null, null),
    ('Business Website', 'needed_pages', 'checkbox', false, 'Which of these pages should be there?', null, null,
     '{About,Services,Portfolio,Team,Blog,Testimonials,Careers,Contact}'),
    ('Business Website', 'design_preferences', 'textarea', false, 'Are there sites you like? What do you like about them?',
     'Two or three addresses, and a few words on each', null, null),
    ('Business Website', 'languages', 'select', true, 'In which language will it be?', null, null,
     '{English,Filipino,English and Filipino,English and another language}'),

    -- E-commerce Store
    ('E-commerce Store', 'products_about', 'textarea', true, 'What do you sell, and what makes people choose you?',
     'Example: single-origin coffee from Benguet, roasted to order every Tuesday', null, null),
    ('E-commerce Store', 'product_count', 'number', true, 'How many products will you start with? (Up to 100 are loaded for you.)', 'Example: 40', null, null),
    ('E-commerce Store', 'product_variants', 'radio', true, 'Do products come in sizes, colours or other variants?', null, null,
     '{"No, one of each","Yes, a few","Yes, most of them"}'),
    ('E-commerce Store', 'selling_now', 'checkbox', false, 'Where do you sell now?', null, null,
     '{A physical shop,Facebook or Instagram,Shopee,Lazada,TikTok Shop,Own website,Not selling yet}'),
    ('E-commerce Store', 'payment_methods', 'checkbox', true, 'How should customers be able to pay?', null, null,
     '{GCash,Maya,Credit or debit card,Bank transfer,Cash on delivery}'),
    ('E-commerce Store', 'cod_areas', 'text', false, 'Where do you offer cash on delivery?', 'Example: Metro Manila, Cavite and Laguna',
     '{"questionKey":"payment_methods","equals":"Cash on delivery"}', null),
    ('E-commerce Store', 'shipping', 'select', true, 'How do orders reach the customer?', null, null,
     '{J&T Express,LBC,Lalamove or Grab,Several couriers,Our own riders,Pick-up only,Nothing to ship (digital)}'),
    ('E-commerce Store', 'stock_system', 'text', false, 'Do you keep stock or accounts in a system that the store should talk to?', 'Example: Loyverse, Excel, QuickBooks',
     '{"any":[{"questionKey":"selling_now","equals":"A physical shop"},{"questionKey":"selling_now","in":["Shopee","Lazada","TikTok Shop"]}]}', null),
    ('E-commerce Store', 'design_style', 'select', true, 'Which style is closest to your brand?', null, null,
     '{Modern,Minimal,Bold & Colorful,Elegant,Playful}'),
    ('E-commerce Store', 'launch_date', 'text', false, 'Is there a date by which you must be open?', 'Example: 1 November, before the Christmas rush', null, null),

    -- Web Application
    ('Web Application', 'problem', 'textarea', true, 'What is done by hand today that the application should do?',
     'Example: 30 technicians report jobs by text message; two people type them into Excel every night', null, null),
    ('Web Application', 'app_kind', 'select', true, 'Which is closest to what you need?', null, null,
     '{Booking or scheduling,Inventory or orders,Client portal,Internal tool,Marketplace,Learning platform,Something else}'),
    ('Web Application', 'app_kind_other', 'text', true, 'What is it, in a few words?', 'Example: a queue for a barangay health centre',
     '{"questionKey":"app_kind","equals":"Something else"}', null),
    ('Web Application', 'user_roles', 'checkbox', true, 'Who will use it?', null, null,
     '{Customers,Office staff,Field staff,Managers,Partners or suppliers,Administrators}'),
    ('Web Application', 'user_count', 'number', true, 'About how many people will use it in the first year?', 'Example: 250', null, null),
    ('Web Application', 'required_features', 'checkbox', true, 'Which of these must it have?', null, null,
     '{User Authentication,Payment Integration,Admin Dashboard,Reports and Exports,E-mail or SMS Notifications,File Uploads,Works Offline,Mobile App Later}'),
    ('Web Application', 'payment_providers', 'text', false, 'Through whom should payments go?', 'Example: PayMongo, Xendit, or not decided',
     '{"questionKey":"required_features","equals":"Payment Integration"}', null),
    ('Web Application', 'personal_data', 'radio', true, 'Will it keep sensitive personal data (health, government IDs, finances)?', null, null,
     '{No,Yes,Not sure}'),
    ('Web Application', 'data_officer', 'radio', false, 'Do you have a data protection officer registered with the NPC?', null,
     '{"all":[{"questionKey":"personal_data","in":["Yes","Not sure"]},{"questionKey":"user_roles","equals":"Customers"}]}', '{Yes,No,What is that?}'),
    ('Web Application', 'existing_systems', 'textarea', false, 'Which systems must it work with?', 'Example: QuickBooks, an old Access database, a barcode scanner', null, null),

    -- Website Care Plan
    ('Website Care Plan', 'site_url', 'text', true, 'What is the address of the site?', 'https://', null, null),
    ('Website Care Plan', 'built_with', 'select', true, 'What is it built with?', null, null,
     '{WordPress,Shopify,Wix or Squarespace,Custom code,I do not know}'),
    ('Website Care Plan', 'plugin_count', 'number', false, 'About how many plugins does it have?', 'Example: 18',
     '{"questionKey":"built_with","equals":"WordPress"}', null),
    ('Website Care Plan', 'access', 'checkbox', true, 'To what can you give us access?', null, null,
     '{Hosting account,Domain account,Admin area of the site,Source code,I have to find out}'),
    ('Website Care Plan', 'site_state', 'radio', true, 'How is the site now?', null, null,
     '{It works well,It works but is slow,Parts are broken,It was hacked}'),
    ('Website Care Plan', 'what_happened', 'textarea', true, 'What is wrong, and since when?', 'Example: since last week visitors are sent to a gambling page',
     '{"questionKey":"site_state","in":["Parts are broken","It was hacked"]}', null),
    ('Website Care Plan', 'monthly_changes', 'textarea', false, 'Which changes come up every month?', 'Example: a new promo banner, two blog posts, new prices', null, null)
  ) a (service, question_key, question_type, required, question_text, placeholder, show_if, options);

insert into questions as q (service_id, question_key, question_text, question_type, required, placeholder, sort_order, show_if)
select s.id, a.question_key, a.question_text, a.question_type, a.required, a.placeholder,
       10 * row_number() over (partition by a.service order by a.place), a.show_if::jsonb
  from asked a join service_types s on s.name = a.service
 order by a.place
    on conflict (service_id, question_key) do update set
       question_text = excluded.question_text, question_type = excluded.question_type, required = excluded.required,
       placeholder = excluded.placeholder, sort_order = excluded.sort_order, show_if = excluded.show_if;

create temp table offered on commit drop as
select q.id as question_id, o.option_value, 10 * o.place as sort_order
  from asked a
  join service_types s on s.name = a.service
  join questions q on q.service_id = s.id and q.question_key = a.question_key
 cross join unnest(a.options) with ordinality o (option_value, place);
insert into question_options (question_id, option_value, sort_order)
select question_id, option_value, sort_order from offered order by question_id, sort_order
    on conflict (question_id, option_value) do update set sort_order = excluded.sort_order, is_active = true;
update question_options o set is_active = false
  from asked a join service_types s on s.name = a.service join questions q on q.service_id = s.id and q.question_key = a.question_key
 where o.question_id = q.id
   and not exists (select from offered f where f.question_id = o.question_id and f.option_value = o.option_value);
