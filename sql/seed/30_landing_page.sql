-- The sections of the demo agency's landing page. Written over by key.
insert into landing_page_content (key, title, content, sort_order)
values
    ('hero', 'Websites planned before they are paid for', $json${
        "headline": "Know what you are getting before you pay for it",
        "subheadline": "Pick a service, answer a few questions, and read the requirements and the full task list of your project — in minutes, and in plain words. Then decide.",
        "ctaLabel": "See services and prices"
     }$json$, 10),
    ('features', 'What you can count on', $json${
        "items": [
            {"title": "The price is on the page", "text": "Every service has one price in pesos and a list of what is in it. What it says is what your project starts with."},
            {"title": "A plan you can read", "text": "Your answers become a requirements document and 15 to 25 tasks with hours. Each task says what will be done, and what has to come before it."},
            {"title": "Half now, half when it is done", "text": "A 50% deposit starts the work. The balance is due when the project is finished, not before."},
            {"title": "You see the progress", "text": "Your project page shows every task as it moves from waiting to done. No need to ask how far we are."},
            {"title": "Your answers are safe", "text": "What you type is saved as you go. Close the page, change phones, come back tomorrow: it is still there."},
            {"title": "People, not tickets", "text": "A person of our team reads your plan with you before work begins, and stays with the project until it is done."}
        ]
     }$json$, 20),
    ('how-it-works', 'How it works', $json${
        "steps": [
            {"title": "Pick a service", "text": "Compare what is in each one, with its price and how long it takes."},
            {"title": "Tell us about it", "text": "Describe the project in a few sentences and answer the questions for that service. It takes about five minutes."},
            {"title": "Make an account", "text": "An e-mail address and a password are enough, and your answers come along."},
            {"title": "Read your plan", "text": "Watch the requirements document being written, and the tasks appear below it."},
            {"title": "Start", "text": "Pay the deposit when the plan is right. We take it from there, and you follow along."}
        ]
     }$json$, 30),
    ('social-proof', 'The process in numbers', $json${
        "items": [
            {"value": "5 minutes", "label": "from the first question to the last"},
            {"value": "15–25", "label": "tasks in every project plan, each with hours"},
            {"value": "50%", "label": "deposit to start, the rest when it is done"},
            {"value": "₱0", "label": "for the plan, whether you go on or not"}
        ]
     }$json$, 40),
    ('faq', 'Questions people ask first', $json${
        "items": [
            {"question": "Do I need an account to see prices?", "answer": "No. Prices, what is included and all questions are open to everyone. You make an account when you want your plan written."},
            {"question": "Who writes the requirements document?", "answer": "A language model drafts it from your description and answers, and our team checks it with you before work begins. When the model cannot be reached you get a plan from our own templates, and it is marked as a draft."},
            {"question": "Is the price final?", "answer": "It is the starting price for what the service lists. If your answers show that you need more, we tell you what it would cost before you pay anything."},
            {"question": "How do I pay?", "answer": "By GCash, Maya or bank transfer: we send you the details by e-mail and confirm what comes in. Half to start, half when the project is done."},
            {"question": "What if I stop halfway through the questions?", "answer": "Your answers are saved as you type. Come back on the same device, or sign in on another one, and go on where you were."},
            {"question": "Who owns the website in the end?", "answer": "You do: the design, the text, the code and the accounts it runs on, once the balance is paid."},
            {"question": "What do you do with my data?", "answer": "We use it to plan and build your project, and for nothing else. Ask us and we delete it, as the Data Privacy Act gives you the right to."}
        ]
     }$json$, 50),
    ('cta', 'Start with a plan', $json${
        "headline": "Five minutes from now you could be reading your plan",
        "text": "It costs nothing, and you can walk away with it.",
        "ctaLabel": "Pick a service"
     }$json$, 60)
on conflict (key) do update set
    title = excluded.title, content = excluded.content, sort_order = excluded.sort_order, is_active = true, updated_at = now();
